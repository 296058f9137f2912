"""The player: an animated picture that a script stops, and hands to the reader with buttons, a slider and keys."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .html import asset, data_url
from .svg_elements import escape, quoted
from .theme import dark_rules

__all__ = ["player"]


def player(svg: str, sentences: Sequence[str], alt: str) -> str:
    """Write the animated picture and the script that takes it over; without scripts, the picture plays by itself."""
    token = re.search(r'id="(\w+)"', svg)
    assert token is not None
    listed = "".join(f"<li>{escape(sentence).replace(' × ', '&nbsp;×&nbsp;')}</li>" for sentence in sentences)
    return (
        f'{dark_rules(svg)}<div data-chalkgrad-player="{token[1]}" style="max-width:100%;overflow-x:auto">'
        f'<img style="max-width:none" alt={quoted(alt)} src="{data_url(svg)}"/><ol hidden="">{listed}</ol></div>'
        f"<script>{asset('player.js').replace('TOKEN', token[1])}</script>"
    )
