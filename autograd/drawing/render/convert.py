"""SVG into PNG, PDF, GIF and WebP. typst draws; its package brings its fonts along and needs no system library."""

from __future__ import annotations

import io
import struct
import unicodedata
import zlib
from collections.abc import Sequence
from typing import Any, cast

from .svg_elements import size_of
from .theme import FONT

__all__ = ["animated", "pdf", "png", "typeset"]

_MOST_PIXELS = 4e8  # of an animation, over all of its steps


def typeset(source: str, format: str, files: dict[str, str] | None = None, scale: float = 1.0) -> list[bytes]:
    """Return the pages of a typst document.

    Args:
        source: the document.
        format: "svg", "png" or "pdf", which is one document of all pages.
        files: what it reads, by name.
        scale: pixels of a PNG for each pixel of a picture.

    Raises:
        ImportError: the package typst is not here.
    """
    try:
        import typst
    except ImportError as error:
        raise ImportError(
            "PNG, PDF and typeset formulas need the package typst: `pip install typst`; `.svg()`, `.html()`, `.dot()` "
            "and `.text()` work without it"
        ) from error
    texts = {"main.typ": source, **(files or {})}
    is_plain = all(FONT in svg for svg in texts.values() if svg.startswith("<svg"))
    has_system_fonts = not is_plain or any(_is_beyond(c) for text in texts.values() for c in set(text))
    fonts, compile_ = typst.Fonts(include_system_fonts=has_system_fonts), cast(Any, typst.compile)
    sources = {name: text.encode() for name, text in texts.items()}
    made = compile_(sources, format=format, ppi=96 * scale, font_paths=fonts, timestamp=0)
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
    return typeset("\n".join(pages), format, files, scale)


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
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError(f"{format.upper()} needs Pillow: `pip install pillow`") from error
    frames = (Image.open(io.BytesIO(page)).convert("RGB") for svg in svgs for page in _pages([svg], "png", scale))
    times = [round(1000 * seconds)] * (len(svgs) - 1) + [round(3000 * seconds)]
    made = io.BytesIO()
    more = {"lossless": True} if format == "webp" else {"optimize": True}
    next(frames).save(made, format.upper(), save_all=True, append_images=frames, duration=times, loop=0, **more)
    return made.getvalue()
