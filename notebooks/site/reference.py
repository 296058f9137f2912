"""Write the reference: a directive that documents public names, and docstrings from Markdown to reStructuredText."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from importlib import import_module
from typing import Any, get_origin

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

import nn


class Public(SphinxDirective):
    """Document names of a module: a table with the first sentence of each, then all that is said of them.

    The names stand in the directive; without any, those of the module's `__all__` that no other page documents.
    """

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        name = self.arguments[0]
        module = import_module(name)
        rows, entries = [], []
        for each in " ".join(self.content).split() or sorted(module.__all__, key=str.lower):
            thing = getattr(module, each)
            if not self.content and getattr(nn, each, None) is thing:
                continue
            path = f"{name}.{each}"
            if isinstance(thing, Mapping):
                text = f"Mapping of the names {', '.join(f'`{key}`' for key in thing)}."
            elif get_origin(thing):
                text = f"Short for `{thing}`."
            else:
                text = inspect.getdoc(thing).partition("\n\n")[0]
            rows += [f"   * - :py:obj:`{each} <{path}>`", f"     - {inline(' '.join(text.split()))}"]
            if inspect.isclass(thing):
                entries += [f".. autoclass:: {path}", "   :members:", ""]
            elif callable(thing) and not get_origin(thing):
                entries += [f".. autofunction:: {path}", ""]
            else:
                entries += [f".. py:data:: {path}", "", f"   {text}", ""]
        table = [".. list-table::", "   :class: names", "   :widths: 30 70", "", *rows, ""]
        return self.parse_text_to_nodes("\n".join(table + entries))


def inline(text: str) -> str:
    """Return a line of Markdown as reStructuredText: formulas, and bars that are no substitution."""

    def written(found: re.Match[str]) -> str:
        code, formula, sign = found.groups()
        return code or (rf"\ :math:`{formula}`\ " if formula else rf"\{sign}")

    return re.sub(r"(`+[^`]*`+)|\$([^$]+)\$|(\||\*\*(?=\w)|(?<=\w)_\b)", written, text)


def markdown(app: Sphinx, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """Rewrite a docstring in place, before Napoleon reads its sections."""
    made: list[str] = []
    for k, line in enumerate(lines):
        space, text = re.match(r"( *)(.*)", line).groups()
        if re.fullmatch(r"\|[-|: ]+\|", text):
            continue
        if text.startswith("| ") and text.endswith("|"):
            if not made or not made[-1].lstrip().startswith(("* - ", "- ")):
                made += [f"{space}.. list-table::", f"{space}   :header-rows: 1", ""]
            cells = [inline(cell.strip()) for cell in re.split(r"(?<!\\)\|", text.strip("|"))]
            made += [f"{space}   {'* ' if k == 0 else '  '}- {cell}" for k, cell in enumerate(cells)]
        else:
            made.append(line if text.startswith((">>>", "...")) else space + inline(text))
            below = next((other for other in lines[k + 2 :] if other.strip()), "")
            if text.endswith(":") and lines[k + 1 : k + 2] == [""] and below.startswith(space + "    "):  # code follows
                made[-1] += ":"
    lines[:] = made


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("public", Public)
    app.connect("autodoc-process-docstring", markdown, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
