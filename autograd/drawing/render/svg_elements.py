"""What all SVG pictures are made of: literal colours first, which a dark notebook theme may override."""

from __future__ import annotations

from collections.abc import Iterable

from ..analysis.formula import one_line
from ..layout.sizes import INK, LEVELS, PAPER, fill
from ..picture.elements import width_of

__all__ = ["DARK", "MARKER", "document", "escape", "n", "quoted", "rect", "text_at", "wrapped"]

DARK = ('[data-jp-theme-light="false"]', "body.vscode-dark")
"""What a notebook's page says of itself where its theme is dark."""

MARKER, MARKER_DARK = "#ffe066", "#7a6200"  # of a highlighter pen
_FONT = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace"


def document(
    token: str, width: float, height: float, title: str, sentence: str, body: Iterable[str], style: str = "",
    more: str = "", plays: bool = False,
) -> str:
    """Write an SVG around its `body`; `token` is its id and class, `more` what else stands in its first tag."""
    names = f"{token} plays" if plays else token
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" id="{token}" class="{names}" role="img" '
        f'aria-labelledby="{token}-t {token}-d" width="{n(width)}" height="{n(height)}" '
        f'viewBox="0 0 {n(width)} {n(height)}" font-family={quoted(_FONT)} font-size="12"{more}>'
    )
    return "\n".join(
        [
            head,
            f'<title id="{token}-t">{escape(title)}</title>',
            f'<desc id="{token}-d">{escape(sentence)}</desc>',
            f"<style>{_style(token)}{style}</style>",
            f'<rect class="paper" width="{n(width)}" height="{n(height)}" fill="{PAPER}"/>',
            *body,
            "</svg>\n",
        ]
    )


def escape(text: str) -> str:
    """Write a text so that nothing in it is markup; the standard library's own brings a web client along."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def quoted(text: str) -> str:
    """Write a text as the value of an attribute."""
    escaped = escape(text).replace('"', "&quot;").replace("\n", "&#10;")
    return f'"{escaped}"'


def rect(x: float, y: float, width: float, height: float, radius: float, rest: str) -> str:
    """Write a rectangle."""
    return f'<rect x="{n(x)}" y="{n(y)}" width="{n(width)}" height="{n(height)}" rx="{n(radius)}" {rest}/>'


def text_at(
    x: float, y: float, text: str, size: int, name: str, *, colour: str = INK, anchor: str = "start", bold: bool = False
) -> str:
    """Write a line of text, escaped."""
    weight = ' font-weight="bold"' if bold else ""
    place = "" if anchor == "start" else f' text-anchor="{anchor}"'
    small = "" if size == 12 else f' font-size="{size}"'
    text = escape(one_line(text))
    return f'<text class="{name}" x="{n(x)}" y="{n(y)}"{place}{small}{weight} fill="{colour}">{text}</text>'


def wrapped(remarks: list[str], width: float, character: float = 6.1) -> list[str]:
    """Put remarks on lines of a width; each stays in one piece if it can."""
    room = int(width / character)
    words: list[str] = []
    for i, remark in enumerate(remarks):
        end = "  ·  " if i < len(remarks) - 1 else ""
        words += [remark + end] if len(remark) <= room else [*(word + " " for word in remark.split()), end]
    lines = [""]
    for word in words:
        if lines[-1] and width_of(lines[-1] + word.rstrip()) > room:
            lines.append("")
        lines[-1] += word
    return [line.rstrip(" ·") for line in lines if line.rstrip(" ·")]


def n(x: float) -> str:
    """Write a coordinate."""
    return f"{x:.2f}".rstrip("0").rstrip(".")


def _style(token: str) -> str:
    """Let a dark theme of a notebook through; elsewhere the literal colours stand."""
    rules: list[str] = []
    for dark in DARK:
        scope = f"{dark} .{token}"
        rules += [
            f"{scope} .ink,{scope} .cap{{fill:var(--jp-content-font-color0,#e6edf3)}}",
            f"{scope} .paper{{fill:var(--jp-layout-color0,#111418)}}",
            f"{scope} .quiet{{fill:#9da7b3}}{scope} .zero{{stroke:#9da7b3}}{scope} .zeroh{{fill:#9da7b3}}",
            f"{scope} .line{{stroke:#e6edf3}}{scope} .nan{{stroke:#ff5fb0}}{scope} .nanh{{fill:#ff5fb0}}",
            f"{scope} .frame{{stroke:#9da7b3}}{scope} .halo{{stroke:var(--jp-layout-color0,#111418)}}",
            f"{scope} .pos{{stroke:#79b4e3}}{scope} .posh{{fill:#79b4e3}}",
            f"{scope} .neg{{stroke:#f6a04d}}{scope} .negh{{fill:#f6a04d}}",
            f"{scope} .mark{{stroke:{MARKER_DARK}}}{scope} .markh{{fill:{MARKER_DARK}}}",
            f"{scope} .step{{fill:#e6edf3}}{scope} .onstep{{fill:#23272e}}",
        ]
        rules += [f"{scope} .f{i + LEVELS}{{fill:{fill(i, dark=True)}}}" for i in range(-LEVELS, LEVELS + 1)]
    return "".join(rules)
