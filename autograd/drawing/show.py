"""The door: `draw` a node, then show or save the drawing."""

from __future__ import annotations

import os
import tempfile
from functools import cached_property
from pathlib import Path
from typing import Any

from ..graph import Node
from .dot import dot_text
from .engine import run_dot
from .layout import arrange, refuse_large
from .notebook import html
from .picture import Picture
from .reading import read
from .svg import svg_text, token_of
from .text import tree
from .views import backward_picture, forward_picture

__all__ = ["Drawing", "draw"]

_VIEWS = ("forward", "backward", "both")
_SUFFIXES = (".svg", ".png", ".pdf", ".dot", ".txt")
_MOST_LINES = 200


def draw(node: Any, view: str = "forward") -> Drawing:
    """Draw the graph that a Value or Tensor was computed by.

    Every value is a box with its name and operation, its `data` and its `grad`; on each edge stands the local
    derivative. The backward view turns the arrows round: it shows the order of execution, the gradient of the
    node by every other, the rule, and on each edge the product that is added. It runs the rules of the table, from
    the node's own `grad`, or from 1 if `backward` has not run, and changes no gradient.

    Args:
        node: the result; all that it depends on is drawn.
        view: "forward", "backward", or "both", one below the other in the same places.

    Returns:
        A picture as it is now; what happens to the graph later does not change it.

    Raises:
        TypeError: `node` is not a Value or Tensor.
        ValueError: `view` is another word.

    >>> from autograd import Value, draw
    >>> a, b = Value(2.0, label="a"), Value(1.0, label="b")
    >>> print(draw((a + b) * (b + 1)).text())
    Forward graph of mul
    *  data 6  grad -
    ├─ [2] +  data 3  grad -
    │  ├─ [1] a  data 2  grad -
    │  └─ [1] b  data 1  grad -
    └─ [3] +  data 2  grad -
       ├─ [1] b  data 1  grad -
       └─ 1
    """
    if not isinstance(node, Node):
        raise TypeError(f"`node` is a Value or a Tensor, not {type(node).__name__} ({node!r:.40}): draw what came out")
    if view not in _VIEWS:
        raise ValueError(f"`view` is one of {', '.join(map(repr, _VIEWS))}, not {view!r:.40}")
    reading = read(node)
    return Drawing(forward_picture(reading), backward_picture(reading), view)


class Drawing:
    """A picture of a graph, to show in a notebook, to save, or to read as text. Made by `draw`."""

    def __init__(self, forward: Picture, backward: Picture, view: str) -> None:
        self.view = view
        self._both = [forward, backward]
        self._views = self._both if view == "both" else [backward if view == "backward" else forward]

    def text(self) -> str:
        """Give the graph as a tree of text, from the result down to the leaves."""
        return "\n".join(tree(view) for view in self._views)

    def dot(self) -> str:
        """Give the graph in Graphviz's language."""
        return dot_text(self._views)

    def svg(self) -> str:
        """Give the picture as SVG, with tooltips.

        Raises:
            ValueError: there are more than 400 boxes.
            RuntimeError: there is no Graphviz; the message says how to get it.
        """
        return self._svg

    @cached_property
    def _svg(self) -> str:
        return svg_text(self._views, arrange(self._both))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the picture to a file, whole or not at all.

        Args:
            path: its suffix says how: .svg, .png, .pdf, .dot or .txt.

        Raises:
            ValueError: another suffix, or too many boxes.
            FileNotFoundError: the folder does not exist.
            RuntimeError: there is no Graphviz; the message says how to get it.
        """
        path = Path(path)
        if path.suffix.lower() not in _SUFFIXES:
            raise ValueError(f"`path` ends in {path.suffix!r} ({path}): use one of {', '.join(_SUFFIXES)}")
        if not path.parent.is_dir():
            raise FileNotFoundError(f"`path` {path}: the folder {path.parent} does not exist; make it first")
        _write(path, self._in_format(path.suffix.lower()[1:]))

    def _in_format(self, format: str) -> bytes:
        if format in ("png", "pdf"):
            refuse_large(self._views[0])
            return run_dot(self.dot(), format)
        return {"svg": self.svg, "dot": self.dot, "txt": self.text}[format]().encode()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        lines = self.text().splitlines()
        if len(lines) > _MOST_LINES:
            lines = [*lines[:_MOST_LINES], f"… and {len(lines) - _MOST_LINES} more lines: print(drawing.text())"]
        try:
            svg = self.svg()
        except (RuntimeError, ValueError) as error:
            return {"text/plain": "\n".join([*lines, f"(no picture: {error})"])}
        page = html(svg, token_of(self._views), " ".join(view.sentence for view in self._views))
        return {"text/html": page, "text/plain": "\n".join(lines)}

    def __repr__(self) -> str:
        first = self._views[0]
        return f"Drawing({first.title!r}, view={self.view!r}, boxes={len(first.boxes)}, edges={len(first.edges)})"


def _write(path: Path, content: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(name, 0o666 & ~_umask())
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
