"""Where boxes and edges go: Graphviz's positions, asked for once for all views of one graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from ..picture.elements import Picture
from .engine import EngineError, run_graphviz
from .layered import layered
from .sizes import box_size, edge_size, line_width, title_lines

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
    """An edge from operand to result: its two tips, the control points of a Bézier spline, and its text's place.

    The text is centred there, or starts there if `anchor` is "start".
    """

    start: Point
    end: Point
    points: list[Point]
    text: Point | None
    anchor: str = "middle"


@dataclass
class Layout:
    """Positions in pixels, from the upper left corner; `frames` are those of the clusters."""

    width: float
    height: float
    places: list[Place]
    routes: list[Route]
    frames: list[Place | None] = field(default_factory=list)


def refuse_large(picture: Picture) -> None:
    """Refuse to lay out what nobody could read, and what would take Graphviz minutes."""
    if len(picture.boxes) > LIMIT:
        raise ValueError(
            f"this graph has {len(picture.boxes)} boxes, and at most {LIMIT} are laid out: draw a smaller part, "
            "such as one sample, one neuron, or a node on the way; `.text()` and `.dot()` show all of it"
        )


def arrange(views: list[Picture]) -> Layout:
    """Lay out views of one graph so that each fits into the same places: by Graphviz, or by a layout of our own.

    Raises:
        ValueError: the graph is too large.
    """
    refuse_large(views[0])
    sizes = _sizes_of(views)
    try:
        made = _from_graphviz(run_graphviz(_skeleton(views, sizes)), views, sizes)
        is_finished = not views[0].rows
    except EngineError:
        made, is_finished = _layered(views, sizes), False
    return made if is_finished else _framed(_with_texts(views, made), views[0])


def _from_graphviz(found: dict[str, Any], views: list[Picture], sizes: list[tuple[float, float]]) -> Layout:
    height = float(found["bb"].split(",")[3])

    def point(text: str) -> Point:
        x, y = text.split(",")[-2:]
        return round(float(x), 2), round(height - float(y), 2)

    places: list[Place | None] = [None] * len(sizes)
    frames: list[Place | None] = [None] * len(views[0].clusters)
    for box in found.get("objects", []):
        if "bb" in box:
            left, low, right, high = map(float, box["bb"].split(","))
            middle = (left + right) / 2, height - (low + high) / 2
            frames[int(box["name"].rpartition("_")[2])] = Place(*middle, right - left, high - low)
        elif "pos" in box:  # or else it holds a row together
            i = int(box["name"][1:])
            places[i] = Place(*point(box["pos"]), *sizes[i])
    is_downward = direction(views) == "TB"
    routes: list[Route | None] = [None] * len(views[0].edges)
    for edge in found.get("edges", []):
        if "id" not in edge:
            continue
        parts = edge["pos"].split()
        tips = {part[0]: point(part) for part in parts if part[0] in "se"}
        spline = [point(part) for part in parts if part[0] not in "se"]
        i, text, anchor = int(edge["id"]), point(edge["lp"]) if "lp" in edge else None, "middle"
        if text and is_downward:  # beside the line, in every view
            size = edge_size([view.edges[i] for view in views]) or (0.0, 0.0)
            text, anchor = (round(text[0] - size[0] / 2 + 4, 2), text[1]), "start"
        routes[i] = Route(tips.get("s", spline[0]), tips.get("e", spline[-1]), spline, text, anchor)
    width = float(found["bb"].split(",")[2])
    return Layout(width, height, [p for p in places if p], [r for r in routes if r], frames)


def _layered(views: list[Picture], sizes: list[tuple[float, float]]) -> Layout:
    """Lay out without Graphviz; edges arrive one below the other, so that two between the same boxes are told apart."""
    picture, is_downward = views[0], direction(views) == "TB"

    def turned(pair: Point) -> Point:
        return (round(pair[1], 2), round(pair[0], 2)) if is_downward else (round(pair[0], 2), round(pair[1], 2))

    texts = [edge_size([view.edges[i] for view in views]) or (0.0, 0.0) for i in range(len(picture.edges))]
    between = max([18.0, *(turned(text)[0] for text in texts)]) + 30
    ends = [(edge.operand, edge.result) for edge in picture.edges]
    boxes = [turned(size) for size in sizes]
    at, ways = layered(boxes, ends, _ranks_of(picture), 12.0, between)
    arriving: dict[int, list[int]] = {}
    for k in sorted(range(len(ends)), key=lambda k: ways[k][-2][1]):
        arriving.setdefault(ends[k][1], []).append(k)
    routes = []
    for k, (way, (a, b)) in enumerate(zip(ways, ends, strict=True)):
        beside, height = arriving[b], boxes[b][1]
        port = way[-1][1] + (beside.index(k) - (len(beside) - 1) / 2) * min(14.0, 0.8 * height / len(beside))
        start, end = (way[0][0] + boxes[a][0] / 2, way[0][1]), (way[-1][0] - boxes[b][0] / 2, port)
        points = [(start[0] + 6, start[1]), *way[1:-1], (end[0] - 6, end[1])]
        spline = points[:1]
        for (x, y), (u, v) in pairwise(points):
            middle = (x + u) / 2
            spline += [(middle, y), (middle, v), (u, v)]
        routes.append(Route(turned(start), turned(end), [turned(p) for p in spline], None))
    places = [Place(*turned(center), *size) for center, size in zip(at, sizes, strict=True)]
    width, height = max(p.x + p.width / 2 for p in places), max(p.y + p.height / 2 for p in places)
    return Layout(width, height, places, routes, [None] * len(picture.clusters))


def _with_texts(views: list[Picture], layout: Layout) -> Layout:
    """Find places for the numbers on edges where Graphviz kept no room for them: on the line, near its middle."""
    taken = list(layout.places)
    for i, route in enumerate(layout.routes):
        size = edge_size([view.edges[i] for view in views])
        if size is None:
            continue
        for t in (0.5, 0.35, 0.65, 0.25, 0.75, 0.15):
            place = Place(*_point_on(route.points, t), *size)
            if not any(_overlap(place, other) for other in taken):
                taken.append(place)
                route.text = place.x, place.y
                break
    return layout


def _point_on(spline: list[Point], t: float) -> Point:
    """Return a point of a Bézier spline, from 0 at its start to 1 at its end."""
    pieces = (len(spline) - 1) // 3
    i = min(int(t * pieces), pieces - 1)
    u = t * pieces - i
    weights = (1 - u) ** 3, 3 * u * (1 - u) ** 2, 3 * u * u * (1 - u), u**3
    x, y = (round(sum(w * p[k] for w, p in zip(weights, spline[3 * i :], strict=False)), 2) for k in (0, 1))
    return x, y


def _framed(layout: Layout, picture: Picture) -> Layout:
    """Draw frames round the boxes of clusters where Graphviz was told of rows only, which it keeps in order then."""
    frames: list[Place | None] = []
    for cluster in picture.clusters:
        inside = [layout.places[i] for i in cluster.boxes]
        left, right = min(p.x - p.width / 2 for p in inside) - 9, max(p.x + p.width / 2 for p in inside) + 9
        low, high = max(p.y + p.height / 2 for p in inside) + 9, min(p.y - p.height / 2 for p in inside) - 9
        high -= 13 * len(title_lines(cluster.title, right - left))
        frame = Place((left + right) / 2, (low + high) / 2, right - left, low - high)
        others = [p for i, p in enumerate(layout.places) if i not in cluster.boxes]
        frames.append(None if any(_overlap(frame, p) for p in others) else frame)
    drawn = [frame for frame in [*frames, *layout.places] if frame]
    left, top = min(p.x - p.width / 2 for p in drawn), min(p.y - p.height / 2 for p in drawn)
    right, low = max(p.x + p.width / 2 for p in drawn), max(p.y + p.height / 2 for p in drawn)
    left, top = min(left, 0.0), min(top, 0.0)
    moved = Layout(max(right, layout.width) - left, max(low, layout.height) - top, [], [], [])
    moved.places = [replace(p, x=p.x - left, y=p.y - top) for p in layout.places]
    moved.frames = [frame and replace(frame, x=frame.x - left, y=frame.y - top) for frame in frames]

    def shift(p: Point) -> Point:
        return round(p[0] - left, 2), round(p[1] - top, 2)

    for route in layout.routes:
        text = shift(route.text) if route.text else None
        tips, points = (shift(route.start), shift(route.end)), [shift(p) for p in route.points]
        moved.routes.append(Route(*tips, points, text, route.anchor))
    return moved


def _overlap(one: Place, other: Place) -> bool:
    across, down = abs(one.x - other.x), abs(one.y - other.y)
    return across * 2 < one.width + other.width and down * 2 < one.height + other.height


# What Graphviz is asked ---------------------------------------------------------------------------------------

_COLUMN = 840.0  # of a page, or a notebook


def _nested(view: Picture, nodes: list[str]) -> Iterator[str]:
    """Write nodes inside their clusters, with room for the titles."""
    for what, k in view.nested():
        if what == "open":
            size = line_width(view.clusters[k].title, small=True) + 6.0, 15.0
            yield f"subgraph cluster_{k} {{ labelloc=t; margin=7; label={_blank(size)};"
        else:
            yield nodes[k] if what == "box" else "}"


def _sizes_of(views: list[Picture]) -> list[tuple[float, float]]:
    """Return the size of each box, the same in all views, and of one width in a row."""
    sizes = [box_size([view.boxes[i] for view in views]) for i in range(len(views[0].boxes))]
    for row in views[0].rows:
        widest, highest = max(sizes[i][0] for i in row), max(sizes[i][1] for i in row)
        for i in row:
            sizes[i] = widest, highest
    return sizes


def _row_lines(rows: list[list[int]]) -> list[str]:
    """Keep rows in order, which Graphviz does outside of clusters only."""
    return [f"{{ rank=same; {' -> '.join(f'n{i}' for i in row)} [style=invis]; }}" for row in rows]


_MOST_CURVED = 120  # boxes; with more, the best places and curves can take Graphviz minutes, good ones a second


def _settings(views: list[Picture]) -> list[str]:
    """Write what holds for the whole graph: wide ones run from top to bottom."""
    towards, gap, splines = direction(views), 0.23, "true"
    if views[0].rows:  # room for the web, and for the numbers on the other edges
        sizes = [edge_size([view.edges[i] for view in views]) for i in range(len(views[0].edges))]
        room = [size[0 if towards == "LR" else 1] for size in sizes if size]
        gap = max([54.0, *(x + 18 for x in room)]) / 72
        rank = _ranks_of(views[0])
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
    picture, sizes = views[0], _sizes_of(views)
    if picture.direction:
        return picture.direction
    texts = [edge_size([view.edges[i] for view in views]) for i in range(len(picture.edges))]
    rank = _ranks_of(picture)
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


def _ranks_of(picture: Picture) -> list[int]:
    """Guess the column of each box: one behind the last of its operands, and a leaf beside what uses it first."""
    rank = [0] * len(picture.boxes)
    below = [len(rank)] * len(rank)
    for edge in sorted(picture.edges, key=lambda edge: edge.result):
        rank[edge.result] = max(rank[edge.result], rank[edge.operand] + 1)
    for edge in picture.edges:
        below[edge.operand] = min(below[edge.operand], rank[edge.result])
    has_operands = {edge.result for edge in picture.edges}
    return [below[i] - 1 if i not in has_operands and below[i] < len(rank) else r for i, r in enumerate(rank)]


def _ports_of(views: list[Picture]) -> list[str]:
    """Make edges leave and arrive in the middle of a side: all of a web, and the only one of a leaf."""
    picture = views[0]
    tail, head = ("e", "w") if direction(views) == "LR" else ("s", "n")
    if picture.rows:
        return [f" tailport={tail} headport={head}"] * len(picture.edges)
    uses = Counter(edge.operand for edge in picture.edges)
    alone = [picture.boxes[edge.operand].kind == "leaf" and uses[edge.operand] == 1 for edge in picture.edges]
    return [f" tailport={tail}" if x else "" for x in alone]


def _blank(size: tuple[float, float]) -> str:
    """Write an empty label of a given size."""
    width, height = round(size[0]), round(size[1])
    return (
        '<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0" FIXEDSIZE="TRUE" '
        f'WIDTH="{width}" HEIGHT="{height}"><TR><TD FIXEDSIZE="TRUE" WIDTH="{width}" HEIGHT="{height}">'
        "</TD></TR></TABLE>>"
    )


def _skeleton(views: list[Picture], sizes: list[tuple[float, float]]) -> str:
    """Write DOT with sizes only; no text of the user's gets near Graphviz here."""
    nodes = [f'n{i} [width={w / 72:.4f} height={h / 72:.4f} label=""];' for i, (w, h) in enumerate(sizes)]
    rows = views[0].rows
    lines = ["digraph {", *_settings(views), *([*nodes, *_row_lines(rows)] if rows else _nested(views[0], nodes))]
    ports = _ports_of(views)
    for i, edge in enumerate(views[0].edges):
        size = edge_size([view.edges[i] for view in views])
        label = "" if size is None or rows else f" label={_blank(size)}"
        lines.append(f"n{edge.operand} -> n{edge.result} [id={i} dir=both{ports[i]}{label}];")
    return "\n".join([*lines, "}"])
