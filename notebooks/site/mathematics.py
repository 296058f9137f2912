"""Write formulas as MathML, which browsers lay out without a script, in a font that lies beside the pages."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import unescape

import ziamath
from docutils import nodes
from fontTools.ttLib import TTFont
from latex2mathml.converter import convert_to_element
from sphinx.application import Sphinx

FONT = Path(ziamath.__file__).parent / "fonts" / "STIXTwoMath-Regular.ttf"

OPEN = {"mo", "mspace"}
"""Elements beside which the name of a function needs no space."""


def mathml(formula: str, display: str) -> str:
    r"""Return LaTeX as MathML, with a thin space beside the names of functions, as in ln x and y ln x.

    >>> mathml(r"y \ln x", "inline").count("mspace")
    2
    """
    math = convert_to_element(formula, display=display)
    for parent in list(math.iter()):
        if parent.tag in ("math", "mrow", "mstyle", "mtd"):
            children = list(parent)
            for left, right in pairwise(children):
                if (is_function(left) or is_function(right)) and not {left.tag, right.tag} & OPEN:
                    parent.insert(list(parent).index(right), ElementTree.Element("mspace", width="0.17em"))
    return unescape(ElementTree.tostring(math, encoding="unicode"))  # the converter writes characters as entities


def is_function(element: ElementTree.Element) -> bool:
    """Return whether an element is the name of a function, such as ln, also with an index."""
    name = element[0] if element.tag in ("msub", "msup", "munder") else element
    return name.tag == "mi" and len(name.text or "") > 1


def inline(translator: Any, node: nodes.math) -> None:
    translator.body.append(mathml(node.astext(), "inline"))
    raise nodes.SkipNode


def block(translator: Any, node: nodes.math_block) -> None:
    translator.body.append(f'<div class="math">{mathml(node.astext(), "block")}</div>')
    raise nodes.SkipNode


def font(app: Sphinx, failed: Exception | None) -> None:
    """Write the font of formulas to the pages, compressed."""
    if failed is None and app.builder.format == "html":
        file = TTFont(FONT)
        file.flavor = "woff"
        file.save(Path(app.outdir, "_static", "stix-two-math.woff"))


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
    app.connect("build-finished", font)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
