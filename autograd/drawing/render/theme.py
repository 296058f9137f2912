"""Themes: the colours, the font and the line width that replace the defaults in a finished picture."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from functools import cached_property

from ...display import INK, LEVELS, NAN, NEGATIVE, POSITIVE, fill
from ..layout.sizes import PAPER, QUIET

FONT = "'DejaVu Sans Mono', Menlo, Consolas, monospace"
MARKER = "#ffe066"  # of a highlighter pen


@dataclass(frozen=True)
class Theme:
    """Colours (as `#rrggbb`), font and line width of a picture.

    Args:
        ink: the colour of text and outlines.
        paper: the colour of the background.
        quiet: the colour of remarks, and of edges without a number.
        positive, negative: the colours of edges.
        nan: the colour of outlines around NaN.
        marker: the colour of the highlight in a step of the player.
        fills: three colours of boxes, for the most negative number, for 0, and for the most positive number.
        font: names of fonts, as in CSS. The sizes of boxes assume a monospace font.
        line_width: a factor for the width of all lines.

    Raises:
        ValueError: a colour does not have the form `#rrggbb`.

    >>> from chalkgrad import Value, draw
    >>> draw(Value(2.0) * 3, theme=Theme(paper="#fffbe6", font="Courier New, monospace"))
    Drawing('Forward graph of mul', views=1, boxes=3, edges=2)
    """

    ink: str = INK
    paper: str = PAPER
    quiet: str = QUIET
    positive: str = POSITIVE
    negative: str = NEGATIVE
    nan: str = NAN
    marker: str = MARKER
    fills: tuple[str, str, str] = (fill(-LEVELS), fill(0), fill(LEVELS))
    font: str = FONT
    line_width: float = 1.0

    def __post_init__(self) -> None:
        for name in (field.name for field in fields(self)[:8]):
            value = getattr(self, name)
            for colour in value if name == "fills" else [value]:
                if not isinstance(colour, str) or not re.fullmatch(r"#[0-9a-fA-F]{6}", colour):
                    raise ValueError(f"`{name}` of a theme is a colour such as '#1f2328', not {colour!r:.40}")

    @cached_property
    def colours(self) -> dict[str, str]:
        """The colour of this theme for each colour of the default one."""
        found = {getattr(_LIGHT, field.name): getattr(self, field.name) for field in fields(self)[:7]}
        return found | {fill(i): fill(i, self.fills) for i in range(-LEVELS, LEVELS + 1)}

    def apply(self, svg: str) -> str:
        """Return an SVG in this theme.

        >>> Theme(ink="#000000").apply('<path stroke="#1f2328"/>')
        '<path stroke="#000000"/>'
        """
        if self == _LIGHT:
            return svg
        colours, quoted = self.colours, self.font.replace("&", "&amp;").replace('"', "'").replace("<", "&lt;")

        def wider(width: re.Match[str]) -> str:
            return f'stroke-width="{float(width[1]) * self.line_width:.4g}"'

        def tag(found: re.Match[str]) -> str:
            text = re.sub(r"#[0-9a-f]{6}\b", lambda x: colours.get(x[0], x[0]), found[0])
            text = text.replace(f'font-family="{FONT}"', f'font-family="{quoted}"')
            return re.sub(r'stroke-width="([\d.]+)"', wider, text)

        return re.sub(r"<[a-z][^<>]*>", tag, svg)  # the text between tags holds no "<"


_LIGHT = Theme()
THEMES = {
    "light": _LIGHT,
    "dark": Theme("#e6edf3", "#111418", "#9da7b3", "#79b4e3", "#f6a04d", "#ff5fb0", "#7a6200",
                  ("#9a4a1f", "#23272e", "#1f5f99")),
    "print": replace(_LIGHT, ink="#000000", quiet="#404040", positive="#08306b", negative="#7f2704", line_width=1.2,
                     fills=("#fdd0a2", "#ffffff", "#c6dbef")),
}  # fmt: skip


def dark_rules(svg: str) -> str:
    """Return the style that makes a light SVG dark on a dark notebook page, but not in print."""
    rules = [".paper{fill:var(--jp-layout-color0,#111418)}"]
    for light, dark in THEMES["dark"].colours.items():
        rules += [f'[{name}="{light}"]{{{name}:{dark}}}' for name in ("fill", "stroke") if f'{name}="{light}"' in svg]
    scope = ':is([data-jp-theme-light="false"],body.vscode-dark) .chalkgrad'
    return f"<style>@media screen{{{scope}{{{''.join(rules[::-1])}}}}}</style>"
