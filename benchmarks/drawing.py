"""Drawing against size: a graph as a picture, whole and folded."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import Any

from autograd import draw, topological

from .growth import demo_of, random_graph
from .harness import Missing, Work

__all__ = ["folded", "graphviz_", "whole"]


def _pictures(root: Any, make: Callable[[Any], str], boxes: Callable[[str], int]) -> Work:
    made: dict[str, str] = {}

    def run(steps: int) -> None:
        for _ in range(steps):
            made["svg"] = make(root)

    def check() -> list[Any]:
        run(1)
        return [boxes(made["svg"])]

    return Work(run, check)


def whole(nodes: int) -> Work:
    """Ours: every value as a box, with its gradient and the local derivatives on the edges, as SVG."""
    root = random_graph(nodes)
    count = sum(map(len, topological(root)))

    def make(root: Any) -> str:
        drawing = draw(root, expand="all")
        assert f"boxes={count}," in repr(drawing)
        return drawing.svg()

    return _pictures(root, make, lambda svg: count)


def graphviz_(nodes: int) -> Work:
    """The graph as micrograd's notebook draws it: a record for a value, a node for its operation, by Graphviz."""
    if shutil.which("dot") is None:
        try:
            import pygraphviz
        except ImportError as error:
            raise Missing("neither Graphviz's dot nor pygraphviz, which carries it") from error
    import graphviz

    root = random_graph(nodes)

    def make(root: Any) -> str:
        picture = graphviz.Digraph(format="svg", graph_attr={"rankdir": "LR"})
        for node in (node for level in topological(root) for node in level):
            name = str(id(node))
            text = f"{{ {node.label} | data {node.data:.4f} | grad {node.grad or 0:.4f} }}"
            picture.node(name, text, shape="record")
            if node._op:
                picture.node(name + "op", node._op)
                picture.edge(name + "op", name)
            for operand in node._prev:
                picture.edge(str(id(operand)), name + "op")
        if shutil.which("dot"):
            return picture.pipe(encoding="utf-8")
        return pygraphviz.AGraph(picture.source).draw(format="svg", prog="dot").decode()

    return _pictures(root, make, lambda svg: svg.count(">data "))


def folded(nodes: int) -> Work:
    """Ours: a net of Values on many points, folded until it can be read."""
    root = demo_of(nodes)
    return _pictures(root, lambda root: draw(root).svg(), lambda svg: 0)
