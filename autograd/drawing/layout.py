"""Where boxes and edges go: Graphviz's positions, asked for once for all views of one graph."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass

from .engine import run_dot
from .look import box_size, edge_size
from .picture import Picture

__all__ = ["LIMIT", "Layout", "Place", "Route", "arrange", "refuse_large"]

LIMIT = 400

Point = tuple[float, float]


@dataclass
class Place:
    """Centre and size of a box."""

    x: float
    y: float
    width: float
    height: float


@dataclass
class Route:
    """An edge from operand to result: its two tips, the control points of a Bézier spline, and its text's place."""

    start: Point
    end: Point
    points: list[Point]
    text: Point | None


@dataclass
class Layout:
    """Positions in pixels, from the upper left corner."""

    width: float
    height: float
    places: list[Place]
    routes: list[Route]


def refuse_large(picture: Picture) -> None:
    """Refuse to lay out what nobody could read, and what would take Graphviz minutes."""
    if len(picture.boxes) > LIMIT:
        raise ValueError(
            f"this graph has {len(picture.boxes)} boxes, and at most {LIMIT} are laid out: draw a smaller part, "
            "such as one sample, one neuron, or a node on the way; `.text()` and `.dot()` show all of it"
        )


def arrange(views: list[Picture]) -> Layout:
    """Lay out views of one graph so that each fits into the same places.

    Raises:
        ValueError: the graph is too large.
        RuntimeError: there is no Graphviz, or it failed.
    """
    refuse_large(views[0])
    sizes = [box_size([view.boxes[i] for view in views]) for i in range(len(views[0].boxes))]
    found = json.loads(run_dot(_skeleton(views, sizes), "json0"))
    height = float(found["bb"].split(",")[3])

    def point(text: str) -> Point:
        x, y = text.split(",")[-2:]
        return round(float(x), 2), round(height - float(y), 2)

    places: list[Place | None] = [None] * len(sizes)
    for box in found["objects"]:
        i = int(box["name"][1:])
        places[i] = Place(*point(box["pos"]), *sizes[i])
    routes: list[Route | None] = [None] * len(views[0].edges)
    for edge in found.get("edges", []):
        parts = edge["pos"].split()
        tips = {part[0]: point(part) for part in parts if part[0] in "se"}
        spline = [point(part) for part in parts if part[0] not in "se"]
        text = point(edge["lp"]) if "lp" in edge else None
        routes[int(edge["id"])] = Route(tips.get("s", spline[0]), tips.get("e", spline[-1]), spline, text)
    width = float(found["bb"].split(",")[2])
    return Layout(width, height, [p for p in places if p], [r for r in routes if r])


def _skeleton(views: list[Picture], sizes: list[tuple[float, float]]) -> str:
    """Write DOT with sizes only; no text of the user's gets near Graphviz here."""
    lines = ["digraph {", *SETTINGS]
    lines += [f'n{i} [width={w / 72:.4f} height={h / 72:.4f} label=""];' for i, (w, h) in enumerate(sizes)]
    ports = ports_of(views[0])
    for i, edge in enumerate(views[0].edges):
        size = edge_size([view.edges[i] for view in views])
        label = "" if size is None else f" label={blank(size)}"
        lines.append(f"n{edge.operand} -> n{edge.result} [id={i} dir=both{ports[i]}{label}];")
    return "\n".join([*lines, "}"])


SETTINGS = [
    "rankdir=LR; nodesep=0.16; ranksep=0.23; margin=0; outputorder=edgesfirst;",
    "node [shape=box fixedsize=true];",
    "edge [arrowsize=0.6];",
]


def ports_of(picture: Picture) -> list[str]:
    """Make the only edge of a leaf, which has round ends, leave from the middle of its side."""
    uses = Counter(edge.operand for edge in picture.edges)
    alone = [picture.boxes[edge.operand].kind == "leaf" and uses[edge.operand] == 1 for edge in picture.edges]
    return [" tailport=e" if x else "" for x in alone]


def blank(size: tuple[float, float], inside: str = "") -> str:
    """Write an HTML-like label of a given size."""
    width, height = round(size[0]), round(size[1])
    return (
        '<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0" FIXEDSIZE="TRUE" '
        f'WIDTH="{width}" HEIGHT="{height}"><TR><TD FIXEDSIZE="TRUE" WIDTH="{width}" HEIGHT="{height}">'
        f"{inside}</TD></TR></TABLE>>"
    )
