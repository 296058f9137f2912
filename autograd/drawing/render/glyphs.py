"""Formulas as outlines of letters, set by typst: every program then draws the same, whatever its fonts."""

from __future__ import annotations

import re
from functools import lru_cache

from ..picture.elements import Glyphs, Line, Picture
from .convert import typeset

__all__ = ["set_formulas"]

_SIZES = {False: 22, True: 18}  # of a line, of a small one

_EDGES = '#set text(top-edge: "bounds", bottom-edge: "bounds")'
_USE = re.compile(r'<use xlink:href="#(\w+)" x="([^"]+)"[^>]*/>')
_SYMBOL = re.compile(r'<symbol id="(\w+)"[^>]*><path d="([^"]*)"/></symbol>')


def set_formulas(views: list[Picture]) -> None:
    """Set the outlines that are drawn for each line of mathematics."""
    lines: list[Line] = []
    for view in views:
        lines += [line for box in view.boxes for line in box.lines if line.typst]
        lines += [edge.formula for edge in view.edges if edge.formula]
    made = dict(zip(keys := tuple(dict.fromkeys((line.typst, line.small) for line in lines)), _set(keys), strict=True))
    for line in lines:
        line.glyphs = made[line.typst, line.small]


@lru_cache(maxsize=64)
def _set(formulas: tuple[tuple[str, bool], ...]) -> list[Glyphs]:
    if not formulas:
        return []
    source = ["#set page(width: auto, height: auto, margin: 1pt, fill: none)", _EDGES]
    for text, is_small in formulas:
        source.append(f"#page[#set text(size: {_SIZES[is_small]}pt)\n$display({text})$]")
    return [_outlines(page.decode()) for page in typeset("\n".join(source), "svg")]


def _outlines(page: str) -> Glyphs:
    found = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"[^>]*>(.*?)(?:<defs|</svg>)', page, re.DOTALL)
    assert found is not None
    shapes = dict(_SYMBOL.findall(page))

    def letter(use: re.Match[str]) -> str:
        moved = f' transform="translate({use[2]} 0)"' if use[2] != "0" else ""
        return f'<path{moved} d="{shapes[use[1]]}" fill="#000000"/>'

    body = _USE.sub(letter, found[3])
    return Glyphs(float(found[1]), float(found[2]), body)
