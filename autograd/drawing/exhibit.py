"""What a film, an animation or a player is handed out as: something to show in a notebook, and to save."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from .files import write_whole
from .notebook import html
from .player import page, player
from .story import Story

__all__ = ["Exhibit"]

_MOST_LINES = 200


class Exhibit:
    """The passes through a graph step by step, to show in a notebook or to save. Made by a `Drawing`."""

    def __init__(self, kind: str, svg: str, story: Story) -> None:
        self.kind = kind
        self._svg, self._story = svg, story

    def text(self) -> str:
        """Give the sentences of all steps."""
        return "\n".join([self._story.title, *self._sentences]) + "\n"

    def svg(self) -> str:
        """Give the SVG; that of a player plays by itself."""
        return self._svg

    def html(self) -> str:
        """Give a page that holds all it needs, to open from a file."""
        return page(self._story.title, self._inside)

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
    def _sentences(self) -> list[str]:
        return [self._story.said(i) for i in range(len(self._story.frames))]

    @property
    def _inside(self) -> str:
        if self.kind == "player":
            return player(self._svg, self._sentences, self._story.sentence)
        token = re.search(r'id="(\w+)"', self._svg)
        assert token is not None
        return html(self._svg, token[1], self._story.sentence)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        lines = self.text().splitlines()
        if len(lines) > _MOST_LINES:
            lines = [*lines[:_MOST_LINES], f"… and {len(lines) - _MOST_LINES} more lines: print(….text())"]
        return {"text/html": self._inside, "text/plain": "\n".join(lines)}

    def __repr__(self) -> str:
        return f"Exhibit({self._story.title!r}, {len(self._story.frames)} frames: {self._sentences[0]} ...)"
