"""What a film, a player or a network diagram is handed out as: something to show in a notebook, and to save."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .files import write_whole
from .render.notebook import html
from .render.player import page, player

__all__ = ["Figure"]

_MOST_LINES = 200


class Figure:
    """A picture that is ready, to show in a notebook or to save. Made by `draw` and by the methods of a `Drawing`."""

    def __init__(self, title: str, svg: str, lines: Sequence[str], alt: str, steps: Sequence[str] = ()) -> None:
        """Take the picture, the same in lines of text, and the steps of a player."""
        self.title = title
        self._svg, self._lines, self._alt, self._steps = svg, lines, alt, steps

    def text(self) -> str:
        """Give what the picture says, in words."""
        return "\n".join([self.title, *self._lines]) + "\n"

    def svg(self) -> str:
        """Give the SVG; that of a player plays by itself."""
        return self._svg

    def html(self) -> str:
        """Give a page that holds all it needs, to open from a file."""
        return page(self.title, self._inside)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write to a file, whole or not at all.

        Args:
            path: its suffix says how: .html, .svg or .txt.

        Raises:
            ValueError: another suffix.
            FileNotFoundError: the folder does not exist.
        """
        path = Path(path)
        formats = {".html": self.html, ".svg": self.svg, ".txt": self.text}
        if path.suffix.lower() not in formats:
            raise ValueError(f"`path` ends in {path.suffix!r} ({path}): use one of {', '.join(formats)}")
        if not path.parent.is_dir():
            raise FileNotFoundError(f"`path` {path}: the folder {path.parent} does not exist; make it first")
        write_whole(path, formats[path.suffix.lower()]().encode())

    @property
    def _inside(self) -> str:
        if self._steps:
            return player(self._svg, self._steps, self._alt)
        token = re.search(r'id="(\w+)"', self._svg)
        assert token is not None
        return html(self._svg, token[1], self._alt)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        lines = self.text().splitlines()
        if len(lines) > _MOST_LINES:
            lines = [*lines[:_MOST_LINES], f"… and {len(lines) - _MOST_LINES} more lines: print(….text())"]
        return {"text/html": self._inside, "text/plain": "\n".join(lines)}

    def __repr__(self) -> str:
        return f"Figure({self.title!r}: {len(self._lines)} lines, {self._lines[0]} ...)"
