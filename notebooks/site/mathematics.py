"""Write formulas as MathML, which browsers lay out without a script, in a font that lies beside the pages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ziamath
from docutils import nodes
from fontTools.ttLib import TTFont
from latex2mathml.converter import convert
from sphinx.application import Sphinx

FONT = Path(ziamath.__file__).parent / "fonts" / "STIXTwoMath-Regular.ttf"


def inline(translator: Any, node: nodes.math) -> None:
    translator.body.append(convert(node.astext()))
    raise nodes.SkipNode


def block(translator: Any, node: nodes.math_block) -> None:
    translator.body.append(f'<div class="math">{convert(node.astext(), display="block")}</div>')
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
