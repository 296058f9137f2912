"""A picture in a notebook: an image where scripts are stripped, else the SVG itself, with tooltips and themes."""

from __future__ import annotations

import base64

from .svg_elements import quoted

__all__ = ["html"]

_SWAP = (
    "for(const box of document.querySelectorAll('[data-chalkgrad=\"TOKEN\"]')){const img=box.querySelector('img');"
    "if(img){const bytes=Uint8Array.from(atob(img.src.split(',')[1]),c=>c.charCodeAt(0));"
    "box.innerHTML=new TextDecoder().decode(bytes)}}"
)


def html(svg: str, token: str, sentence: str) -> str:
    """Write an image of the SVG and the script that puts the SVG in its place."""
    data = base64.b64encode(svg.encode()).decode()
    return (
        f'<div data-chalkgrad="{token}" style="overflow-x:auto;max-width:100%">'
        f'<img style="max-width:none" alt={quoted(sentence)} src="data:image/svg+xml;base64,{data}"/></div>'
        f"<script>{_SWAP.replace('TOKEN', token)}</script>"
    )
