"""A picture as Graphviz is asked to lay it out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ..picture.elements import Picture
from .sizes import box_size, edge_size, line_width

__all__ = ["blank", "direction", "nested", "ports_of", "ranks_of", "row_lines", "settings", "sizes_of"]

_COLUMN = 840.0  # of a page, or a notebook


def nested(view: Picture, nodes: list[str]) -> Iterator[str]:
    """Write nodes inside their clusters, with room for the titles."""
    for what, k in view.nested():
        if what == "open":
            size = line_width(view.clusters[k].title, small=True) + 6.0, 15.0
            yield f"subgraph cluster_{k} {{ labelloc=t; margin=7; label={blank(size)};"
        else:
            yield nodes[k] if what == "box" else "}"


def sizes_of(views: list[Picture]) -> list[tuple[float, float]]:
    """Return the size of each box, the same in all views, and of one width in a row."""
    sizes = [box_size([view.boxes[i] for view in views]) for i in range(len(views[0].boxes))]
    for row in views[0].rows:
        widest, highest = max(sizes[i][0] for i in row), max(sizes[i][1] for i in row)
        for i in row:
            sizes[i] = widest, highest
    return sizes


def row_lines(rows: list[list[int]]) -> list[str]:
    """Keep rows in order, which Graphviz does outside of clusters only."""
    return [f"{{ rank=same; {' -> '.join(f'n{i}' for i in row)} [style=invis]; }}" for row in rows]


_MOST_CURVED = 120  # boxes; with more, the best places and curves can take Graphviz minutes, good ones a second


def settings(views: list[Picture]) -> list[str]:
    """Write what holds for the whole graph: wide ones run from top to bottom."""
    towards, gap, splines = direction(views), 0.23, "true"
    if views[0].rows:  # room for the web, and for the numbers on the other edges
        sizes = [edge_size([view.edges[i] for view in views]) for i in range(len(views[0].edges))]
        room = [size[0 if towards == "LR" else 1] for size in sizes if size]
        gap = max([54.0, *(x + 18 for x in room)]) / 72
        rank = ranks_of(views[0])
        if all(rank[edge.operand] + 1 == rank[edge.result] for edge in views[0].edges):
            splines = "line"  # nothing stands in the way
    elif len(views[0].boxes) > _MOST_CURVED:
        splines = "line; nslimit=1; nslimit1=1"
    return [
        f"rankdir={towards}; nodesep=0.16; ranksep={gap:.3f}; splines={splines}; margin=0; outputorder=edgesfirst;",
        "node [shape=box fixedsize=true];",
        "edge [arrowsize=0.6];",
    ]


def direction(views: list[Picture]) -> str:
    """Return "LR", from left to right, or "TB" where that would not fit a page and from top to bottom would."""
    picture, sizes = views[0], sizes_of(views)
    if picture.direction:
        return picture.direction
    texts = [edge_size([view.edges[i] for view in views]) for i in range(len(picture.edges))]
    rank = ranks_of(picture)
    widest: dict[int, float] = {}
    together: dict[int, float] = {}
    for (width, _), r in zip(sizes, rank, strict=True):
        widest[r] = max(widest.get(r, 0.0), width)
        together[r] = together.get(r, 0.0) + width + 12
    gaps = dict.fromkeys(widest, 18.0)
    for edge, size in zip(picture.edges, texts, strict=True):
        if size:
            gaps[rank[edge.result]] = max(gaps[rank[edge.result]], size[0] + 20)
    across = sum(widest.values()) + sum(gaps.values()) - gaps[0]
    down = max(together.values())
    return "TB" if across > _COLUMN and down < min(_COLUMN, across) else "LR"


def ranks_of(picture: Picture) -> list[int]:
    """Guess the column of each box: one behind the last of its operands, and a leaf beside what uses it first."""
    rank = [0] * len(picture.boxes)
    below = [len(rank)] * len(rank)
    for edge in sorted(picture.edges, key=lambda edge: edge.result):
        rank[edge.result] = max(rank[edge.result], rank[edge.operand] + 1)
    for edge in picture.edges:
        below[edge.operand] = min(below[edge.operand], rank[edge.result])
    has_operands = {edge.result for edge in picture.edges}
    return [below[i] - 1 if i not in has_operands and below[i] < len(rank) else r for i, r in enumerate(rank)]


def ports_of(views: list[Picture]) -> list[str]:
    """Make edges leave and arrive in the middle of a side: all of a web, and the only one of a leaf."""
    picture = views[0]
    tail, head = ("e", "w") if direction(views) == "LR" else ("s", "n")
    if picture.rows:
        return [f" tailport={tail} headport={head}"] * len(picture.edges)
    uses = Counter(edge.operand for edge in picture.edges)
    alone = [picture.boxes[edge.operand].kind == "leaf" and uses[edge.operand] == 1 for edge in picture.edges]
    return [f" tailport={tail}" if x else "" for x in alone]


def blank(size: tuple[float, float]) -> str:
    """Write an empty label of a given size."""
    width, height = round(size[0]), round(size[1])
    return (
        '<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0" FIXEDSIZE="TRUE" '
        f'WIDTH="{width}" HEIGHT="{height}"><TR><TD FIXEDSIZE="TRUE" WIDTH="{width}" HEIGHT="{height}">'
        "</TD></TR></TABLE>>"
    )
