"""A picture as HTML: in a notebook, an image where scripts are stripped, else the SVG itself; or a page of its own."""

from __future__ import annotations

import base64
import re
from importlib.resources import files

from .svg_elements import escape, quoted, token_of
from .theme import dark_rules

__all__ = ["data_url", "explorer", "inline", "page", "scrolled"]

_SWAP = (
    "for(const box of document.querySelectorAll('[data-chalkgrad=\"TOKEN\"]')){const img=box.querySelector('img');"
    "if(img){const bytes=Uint8Array.from(atob(img.src.split(',')[1]),c=>c.charCodeAt(0));"
    "box.innerHTML=new TextDecoder().decode(bytes);box.firstElementChild.style.maxWidth='none'}}"
)
_PRINT = (  # one page holds the picture: JupyterLab and `max-width: none` would cut it at the margin
    "<style>@media print{.chalkgrad,[data-chalkgrad] img{max-width:100%!important;max-height:95vh;"
    "height:auto!important}[data-chalkgrad]{overflow:visible!important}}</style>"
)


def data_url(svg: str) -> str:
    """Return an SVG as the address of an image."""
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"


def inline(svg: str, sentence: str) -> str:
    """Write an image of the SVG and the script that puts the SVG in its place."""
    token = re.search(r'id="(\w+)"', svg)
    assert token is not None
    return (
        f'{dark_rules(svg)}{_PRINT}<div data-chalkgrad="{token[1]}" style="overflow-x:auto;max-width:100%">'
        f'<img style="max-width:none" alt={quoted(sentence)} src="{data_url(svg)}"/></div>'
        f"<script>{_SWAP.replace('TOKEN', token[1])}</script>"
    )


def scrolled(svg: str) -> str:
    """Write the SVG as a part of a page."""
    return f'{dark_rules(svg)}{_PRINT}<div data-chalkgrad="" style="overflow-x:auto">{svg}</div>'


def explorer(svg: str, parts: dict[str, str]) -> str:
    """Write the SVG of a graph so that one can enlarge, move and search it, and open parts of it by a click."""
    templates = "".join(f"<template data-part={quoted(name)}>{part}</template>" for name, part in parts.items())
    script = files(__package__).joinpath("explorer.js").read_text(encoding="utf-8")
    token = token_of(svg)
    return (
        f'{dark_rules(svg + "".join(parts.values()))}{_PRINT}<div data-chalkgrad="" data-chalkgrad-explorer="{token}">'
        f'<div class="cge-view" style="overflow:auto">{svg}</div>{templates}</div>'
        f"<script>{script.replace('TOKEN', token)}</script>"
    )


def page(title: str, body: str) -> str:
    """Write an HTML file around a picture; it follows the light or dark theme of the system."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{escape(title)}</title>\n<style>{_PAGE}</style>\n</head>\n<body>\n"
        f"<script>{_THEME}</script>\n{body}\n</body>\n</html>\n"
    )


_PAGE = (
    "body{font:15px/1.5 system-ui,sans-serif;margin:24px auto;max-width:860px;padding:0 12px;"
    "background:#fff;color:#1f2328}"
    'body[data-jp-theme-light="false"]{background:#111418;color:#e6edf3}'
    "@media print{body{margin:0;max-width:none;padding:0}}"
)
_THEME = (
    "const dark=matchMedia('(prefers-color-scheme: dark)'),"
    "follow=()=>document.body.dataset.jpThemeLight=dark.matches?'false':'true';"
    "follow();dark.addEventListener('change',follow)"
)
