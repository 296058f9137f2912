"""Convert SVG to PNG, PDF, GIF and WebP, and formulas to outlines, with the package typst and its fonts."""

from __future__ import annotations

import io
import re
import struct
import unicodedata
import zlib
from collections.abc import Sequence
from functools import lru_cache

from ...checks import optional
from ..picture.elements import Glyphs, Line, Picture
from .svg_elements import size_of
from .theme import FONT

_MOST_PIXELS = 4e8  # of an animation, over all of its steps


def _typeset(source: str, format: str, files: dict[str, str] | None = None, scale: float = 1.0) -> list[bytes]:
    """Return the pages of a typst document.

    Args:
        source: the document.
        format: "svg", "png" or "pdf", which is one document of all pages.
        files: what it reads, by name.
        scale: pixels of a PNG for each pixel of a picture.

    Raises:
        ImportError: the package typst is not here.
    """
    remedy = "`pip install typst`; `.svg()`, `.html()`, `.dot()` and `.text()` work without it"
    typst = optional("typst", "a PNG, a PDF or a typeset formula", remedy)
    texts = {"main.typ": source, **(files or {})}
    is_plain = all(FONT in svg for svg in texts.values() if svg.startswith("<svg"))
    has_system_fonts = not is_plain or any(_is_beyond(c) for text in texts.values() for c in set(text))
    fonts = typst.Fonts(include_system_fonts=has_system_fonts)
    sources = {name: text.encode() for name, text in texts.items()}
    made = typst.compile(sources, format=format, ppi=96 * scale, font_paths=fonts, timestamp=0)
    return made if isinstance(made, list) else [made]


def _is_beyond(c: str) -> bool:
    """Return whether DejaVu Sans Mono lacks a character."""
    return c >= "\u2e80" and unicodedata.category(c) != "Co"


def _pages(svgs: Sequence[str], format: str, scale: float = 1.0) -> list[bytes]:
    pages, files = ["#set page(margin: 0pt)"], {}
    for i, svg in enumerate(svgs):
        width, height = size_of(svg)
        files[f"{i}.svg"] = svg
        pages.append(f'#page(width: {width * 0.75}pt, height: {height * 0.75}pt)[#image("{i}.svg", width: 100%)]')
    return _typeset("\n".join(pages), format, files, scale)


def png(svg: str, scale: float = 2.0) -> bytes:
    """Return a picture as PNG; the file holds its resolution, so that it is printed in the size of the SVG."""
    (made,) = _pages([svg], "png", scale)
    dots = round(96 * scale / 0.0254)
    chunk = b"pHYs" + struct.pack(">IIB", dots, dots, 1)
    return made[:33] + struct.pack(">I", 9) + chunk + struct.pack(">I", zlib.crc32(chunk)) + made[33:]


def pdf(svgs: Sequence[str]) -> bytes:
    """Return pictures as the pages of a PDF."""
    (made,) = _pages(svgs, "pdf")
    return made


def animated(svgs: Sequence[str], format: str, seconds: float, scale: float = 1.0) -> bytes:
    """Return pictures as a GIF or WebP that shows each for some seconds, the last one for longer, and begins again.

    Raises:
        ImportError: Pillow or typst is not here.
        ValueError: there are more pixels than a viewer plays.
    """
    width, height = size_of(svgs[0])
    if len(svgs) * width * height * scale**2 > _MOST_PIXELS:
        raise ValueError(
            f"{len(svgs)} steps of {width} × {height} pixels at `scale` {scale:g} are too many for a {format.upper()}: "
            "take a smaller scale, `save_steps`, or `.html`"
        )
    Image = optional("PIL.Image", f"a {format.upper()}", "`pip install pillow`")
    frames = (Image.open(io.BytesIO(page)).convert("RGB") for svg in svgs for page in _pages([svg], "png", scale))
    times = [round(1000 * seconds)] * (len(svgs) - 1) + [round(3000 * seconds)]
    made = io.BytesIO()
    more = {"lossless": True} if format == "webp" else {"optimize": True}
    next(frames).save(made, format.upper(), save_all=True, append_images=frames, duration=times, loop=0, **more)
    return made.getvalue()


# Formulas ----------------------------------------------------------------------------------------------------

_SIZES = {False: 22, True: 18}  # of a line, of a small one

_EDGES = '#set text(top-edge: "bounds", bottom-edge: "bounds")'
_USE = re.compile(r'<use xlink:href="#(\w+)" x="([^"]+)"[^>]*/>')
_SYMBOL = re.compile(r'<symbol id="(\w+)"[^>]*><path d="([^"]*)"/></symbol>')


def set_formulas(views: list[Picture]) -> None:
    """Set the outlines that are drawn for each line of mathematics."""
    lines: list[Line] = []
    for view in views:
        lines += [line for box in view.boxes for line in box.lines if line.typst]
        lines += [edge.formula for edge in view.edges if edge.text and edge.formula]
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
    return [_outlines(page.decode()) for page in _typeset("\n".join(source), "svg")]


def _outlines(page: str) -> Glyphs:
    found = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"[^>]*>(.*?)(?:<defs|</svg>)', page, re.DOTALL)
    assert found is not None
    shapes = dict(_SYMBOL.findall(page))

    def letter(use: re.Match[str]) -> str:
        moved = f' transform="translate({use[2]} 0)"' if use[2] != "0" else ""
        return f'<path{moved} d="{shapes[use[1]]}" fill="#000000"/>'

    body = _USE.sub(letter, found[3])
    return Glyphs(float(found[1]), float(found[2]), body)
