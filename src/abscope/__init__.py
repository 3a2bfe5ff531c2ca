"""abscope: what local radiotherapy did to the metastases that were not irradiated.

Research use only; not a medical device.
"""

__all__ = ["RESEARCH_USE_ONLY", "__version__"]

__version__: str

RESEARCH_USE_ONLY = (
    "Research use only. Not a medical device: not for diagnosis or treatment decisions."
)


def __getattr__(name: str) -> str:
    """Return the version, which is looked up when it is asked for."""
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import version

    return version("abscope")
