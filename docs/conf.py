"""How the documentation is built: Sphinx with MyST-NB, no outside hosts, failing cells fail."""

import sys
from importlib.metadata import version as installed
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

project = "abscope"
author = "The abscope authors"
release = version = installed("abscope")
language = "en"

extensions = ["mathml", "myst_nb", "sphinx.ext.autodoc"]
exclude_patterns = ["_build", "jupyter_execute", "design/README.md"]

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 120
nb_merge_streams = True

autodoc_member_order = "bysource"
autodoc_typehints = "signature"

html_math_renderer = "mathml"
html_static_path = ["_static"]
html_css_files = ["formulas.css"]
html_theme = "furo"
html_title = "abscope: research use only"
html_copy_source = False
html_show_sourcelink = False
