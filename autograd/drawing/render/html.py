"""Render a picture as HTML, for a notebook or as a page. Where scripts are not allowed, it is an image."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from importlib.resources import files

from .svg_elements import escape, quoted, token_of
from .theme import dark_rules


def _asset(name: str) -> str:
    """Return the text of a style sheet or a script in the folder of this file."""
    return files(__name__.rpartition(".")[0]).joinpath(name).read_text(encoding="utf-8")


def _styles(svg: str) -> str:
    # printed, a page holds the picture: JupyterLab and `max-width: none` would cut it at the margin
    return f"{dark_rules(svg)}<style>{_asset('print.css')}</style>"


def inline(svg: str, sentence: str, steps: Sequence[str] = ()) -> str:
    """Write an image of the SVG and the script that puts the SVG in its place, or a player of its steps.

    Without scripts, an animated picture plays by itself.
    """
    name, script = ("chalkgrad-player", "player.js") if steps else ("chalkgrad", "swap.js")
    listed = "".join(f"<li>{escape(step).replace(' × ', '&nbsp;×&nbsp;')}</li>" for step in steps)
    listed = f'<ol hidden="">{listed}</ol>' if steps else ""
    token, data = token_of(svg), base64.b64encode(svg.encode()).decode()
    return (
        f'{_styles(svg)}<div data-{name}="{token}" style="overflow-x:auto;max-width:100%">'
        f'<img style="max-width:none" alt={quoted(sentence)} src="data:image/svg+xml;base64,{data}"/>{listed}</div>'
        f"<script>{_asset(script).replace('TOKEN', token)}</script>"
    )


def scrolled(svg: str) -> str:
    """Return HTML that shows the SVG in a page."""
    return f'{_styles(svg)}<div data-chalkgrad="" style="overflow-x:auto">{svg}</div>'


def explorer(svg: str, parts: dict[str, str]) -> str:
    """Return HTML with the SVG of a graph, in which a reader can zoom, move, search, and click parts open."""
    templates = "".join(f"<template data-part={quoted(name)}>{part}</template>" for name, part in parts.items())
    token = token_of(svg)
    return (
        f'{_styles(svg + "".join(parts.values()))}<div data-chalkgrad="" data-chalkgrad-explorer="{token}">'
        f'<div class="cge-view" style="overflow:auto">{svg}</div>{templates}</div>'
        f"<script>{_asset('explorer.js').replace('TOKEN', token)}</script>"
    )


def page(title: str, body: str) -> str:
    """Return an HTML page with a picture. It follows the light or dark theme of the system."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{escape(title)}</title>\n<style>{_asset('page.css')}</style>\n</head>\n<body>\n"
        f"<script>{_asset('follow_theme.js')}</script>\n{body}\n</body>\n</html>\n"
    )
