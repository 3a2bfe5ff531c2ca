"""abscope: what local radiotherapy did to the metastases that were not irradiated.

Research use only; not a medical device.
"""

from importlib.metadata import version as _version

__all__ = ["RESEARCH_USE_ONLY", "__version__"]

__version__ = _version("abscope")

RESEARCH_USE_ONLY = (
    "Research use only. Not a medical device: not for diagnosis or treatment decisions."
)
