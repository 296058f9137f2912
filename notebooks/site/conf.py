"""The settings of the documentation site; `make site` builds it from the folder above, with Sphinx."""

from __future__ import annotations

import re
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

from autograd import __version__

project = "Chalkgrad"
author = "Chalkgrad authors"
copyright = "Chalkgrad authors, MIT licence"
version = release = __version__
language = "en"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "sphinx_design",
    "notebooks.site.mathematics",
    "notebooks.site.pages",
    "notebooks.site.reference",
]
root_doc = "index"
exclude_patterns = ["site", "assignments", "**/.ipynb_checkpoints", "__pycache__"]
templates_path: list[str] = []

# Markdown and notebooks, whose stored outputs are shown
nb_execution_mode = "off"
myst_enable_extensions = ["amsmath", "attrs_inline", "colon_fence", "deflist", "dollarmath", "html_image"]
myst_heading_anchors = 3
nb_merge_streams = True

# docstrings: single backticks mark code
default_role = "code"
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88
napoleon_use_rtype = False
napoleon_use_ivar = True
add_module_names = False
nitpicky = True
nitpick_ignore_regex = [("py:.*", ".*")]

# HTML
html_theme = "furo"
html_title = "Chalkgrad"
pygments_dark_style = "monokai"
html_favicon = "static/icon.svg"
html_logo = "static/icon.svg"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_js_files = ["theme.js"]
html_search_scorer = str(Path(__file__).with_name("scorer.js"))
html_show_sphinx = False
html_copy_source = False
html_math_renderer = "mathml"
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
copybutton_only_copy_prompt_lines = True


def links(app: Sphinx, path: object, parent: str, content: list[str]) -> None:
    """Turn links of a page that is written for the repository to the page of this site that includes their target."""
    content[0] = content[0].replace("](../CONVENTIONS.md)", "](conventions.md)")


def alternatives(app: Sphinx, doctree: nodes.document) -> None:
    """Give the plots of a notebook a text for screen readers: that of their cell."""
    for cell in doctree.findall(nodes.container):
        if cell.get("nb_element") != "cell_code":
            continue
        for image in cell.findall(nodes.image):
            image["alt"] = cell["cell_metadata"].get("alt", "The plot that the code above draws")


def skip(app: Sphinx, what: str, name: str, thing: object, skipped: bool, options: object) -> bool | None:
    """Leave out the methods that scikit-learn adds to an estimator, whose texts link to its own site."""
    return True if name.startswith("set_") and name.endswith("_request") else None


def without_back_links(app: Sphinx, page: str, template: str, context: dict[str, str], doctree: object) -> None:
    """Drop the links from the code to the reference: Sphinx knows one public module for a file, and some have two."""
    if page.startswith("_modules/") and "body" in context:
        context["body"] = re.sub(r'<a class="viewcode-back".*?</a>', "", context["body"])


def setup(app: Sphinx) -> None:
    app.connect("include-read", links)
    app.connect("doctree-read", alternatives)
    app.connect("autodoc-skip-member", skip)
    app.connect("html-page-context", without_back_links)
