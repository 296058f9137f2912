"""The badges of a notebook, which open it on Colab and Binder, and the cell that installs Chalkgrad there."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

import nbformat

REPOSITORY = "chalkgrad/chalkgrad"
"""Where the notebooks are published, on GitHub."""

RELEASE = "0.2.0"
"""The version that the notebooks are written for: its tag is opened, and it is installed."""

INSTALL = f"""\
import importlib.util

if importlib.util.find_spec("chalkgrad") is None:  # on Colab; here Chalkgrad is installed already
    %pip install --quiet "chalkgrad[draw,plot,data,search]=={RELEASE}"
"""


def with_badges(notebook: Any, file: str) -> Any:
    """Return the notebook with its badges below the title, and with the cell that installs Chalkgrad."""
    made = nbformat.from_dict(notebook)
    first = made.cells[0]
    title, rest = first.source.split("\n\n", 1)
    while rest.startswith("[!["):
        rest = rest.split("\n\n", 1)[1]
    first.source = f"{title}\n\n{badges(file)}\n\n{rest}"
    cells = [cell for cell in made.cells if not installs(cell)]
    cell = nbformat.v4.new_code_cell(INSTALL.rstrip(), id="install", metadata={"tags": ["remove-cell"]})
    made.cells = [cells[0], cell, *cells[1:]]
    return made


def installs(cell: Any) -> bool:
    """Return whether this is the cell that installs Chalkgrad; pages leave it out."""
    return cell.cell_type == "code" and re.search(r"^ *%pip install .*chalkgrad", cell.source, re.MULTILINE) is not None


def badges(file: str) -> str:
    """Return the two badges as Markdown."""
    colab = f"https://colab.research.google.com/github/{REPOSITORY}/blob/v{RELEASE}/notebooks/{file}"
    binder = f"https://mybinder.org/v2/gh/{REPOSITORY}/v{RELEASE}?labpath={quote('notebooks/' + file, safe='')}"
    return f"[![Open in Colab](pictures/colab.svg)]({colab})\n[![Open in Binder](pictures/binder.svg)]({binder})"
