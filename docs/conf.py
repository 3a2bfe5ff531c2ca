"""How the documentation is built: Sphinx with MyST-NB, no outside hosts, failing cells fail."""

from importlib.metadata import version as installed

project = "abscope"
author = "The abscope authors"
release = version = installed("abscope")
language = "en"

extensions = ["myst_nb", "sphinx.ext.autodoc"]
exclude_patterns = ["_build", "jupyter_execute", "design/README.md"]

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 120
nb_merge_streams = True

autodoc_member_order = "bysource"
autodoc_typehints = "signature"

html_theme = "furo"
html_title = "abscope: research use only"
html_copy_source = False
html_show_sourcelink = False
