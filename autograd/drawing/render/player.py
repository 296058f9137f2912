"""The player: an animated picture that a script stops, and hands to the reader with buttons, a slider and keys."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Sequence
from importlib.resources import files

__all__ = ["page", "player"]


def player(svg: str, sentences: Sequence[str], alt: str) -> str:
    """Write the animated picture and the script that takes it over; without scripts, the picture plays by itself."""
    token = re.search(r'id="(\w+)"', svg)
    assert token is not None
    script = files(__package__).joinpath("player.js").read_text(encoding="utf-8")
    data = base64.b64encode(svg.encode()).decode()
    told = [html.escape(sentence).replace(" × ", "&nbsp;×&nbsp;") for sentence in sentences]
    listed = "".join(f"<li>{sentence}</li>" for sentence in told)
    return (
        f'<div data-chalkgrad-player="{token[1]}" style="max-width:100%;overflow-x:auto">'
        f'<img style="max-width:none" alt="{html.escape(alt)}" src="data:image/svg+xml;base64,{data}"/>'
        f'<ol hidden="">{listed}</ol></div>'
        f"<script>{script.replace('TOKEN', token[1])}</script>"
    )


def page(title: str, body: str) -> str:
    """Write an HTML file around a picture; it follows the light or dark theme of the system."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{html.escape(title)}</title>\n<style>{_PAGE}</style>\n</head>\n<body>\n"
        f"<script>{_THEME}</script>\n{body}\n</body>\n</html>\n"
    )


_PAGE = (
    "body{font:15px/1.5 system-ui,sans-serif;margin:24px auto;max-width:860px;padding:0 12px;"
    "background:#fff;color:#1f2328}"
    'body[data-jp-theme-light="false"]{background:#111418;color:#e6edf3}'
)
_THEME = (
    "const dark=matchMedia('(prefers-color-scheme: dark)'),"
    "follow=()=>document.body.dataset.jpThemeLight=dark.matches?'false':'true';"
    "follow();dark.addEventListener('change',follow)"
)
