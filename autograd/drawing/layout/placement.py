"""The placement of boxes and edges: Graphviz computes it once for all views of a graph."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..picture.elements import Cluster, Edge, Picture
from .engine import run_graphviz
from .sizes import box_size, edge_size, line_width, title_lines

LIMIT = 400
PAGE = 840.0  # width of a page, or a notebook

Point = tuple[float, float]


@dataclass(eq=False)
class Place:
    """Centre and size of a box."""

    x: float
    y: float
    width: float
    height: float

    @property
    def left(self) -> float:
        return self.x - self.width / 2

    @property
    def top(self) -> float:
        return self.y - self.height / 2

    def overlaps(self, other: Place) -> bool:
        across, down = abs(self.x - other.x), abs(self.y - other.y)
        return across * 2 < self.width + other.width and down * 2 < self.height + other.height


@dataclass(eq=False)
class Route:
    """An edge from operand to result: its two tips, the control points of a Bézier spline, and its text's place.

    The text is centred there, or starts there if `anchor` is "start".
    """

    start: Point
    end: Point
    points: list[Point]
    text: Point | None
    anchor: str = "middle"

    def along(self, edge: Edge) -> tuple[Point, Point, list[Point]]:
        """Return start, end and control points in the direction of the arrow."""
        if edge.arrow == "back":
            return self.end, self.start, self.points[::-1]
        return self.start, self.end, self.points


@dataclass
class Layout:
    """Positions in pixels, from the upper left corner; `frames` are those of the clusters."""

    width: float
    height: float
    places: list[Place]
    routes: list[Route]
    frames: list[Place | None]


def arrange(views: list[Picture], ratio: float | None = None) -> Layout:
    """Lay out views of one graph so that each fits into the same places.

    A picture that names no direction takes the one that fills a paper of a ratio best, if there is one. Else it goes
    from left to right, or from top to bottom where that is narrower and a page too small for the other.

    Raises:
        ValueError: the graph is too large.
        EngineError: Graphviz is not here, failed, or took too long.
    """
    if (count := len(views[0].boxes)) > LIMIT:  # too many to be read, and Graphviz would take minutes
        raise ValueError(
            f"this graph has {count} boxes, and at most {LIMIT} are laid out: draw a smaller part, such as one sample, "
            "one neuron, or a node on the way; `.text()` and `.dot()` show all of it"
        )
    request = _Request(views)
    if views[0].direction:
        return request.layout(views[0].direction)
    across = request.layout("LR")
    if not ratio and across.width <= PAGE:
        return across
    down = request.layout("TB")
    return min(across, down, key=lambda found: max(found.width / ratio, found.height) if ratio else found.width)


_MOST_CURVED = 120  # boxes; with more, the best places and curves can take Graphviz minutes, good ones a second


class _Request:
    """The layout of some views: DOT text for Graphviz, and the positions that it returns."""

    def __init__(self, views: list[Picture]) -> None:
        self.picture, self.is_downward = views[0], False
        self.sizes = [box_size([view.boxes[i] for view in views]) for i in range(len(self.picture.boxes))]
        self.texts = [edge_size([view.edges[i] for view in views]) for i in range(len(self.picture.edges))]
        for row in self.picture.rows:
            width, height = (max(self.sizes[i][k] for i in row) for k in (0, 1))
            for i in row:
                self.sizes[i] = width, height

    def layout(self, direction: str) -> Layout:
        self.is_downward = direction == "TB"
        return self._read(run_graphviz("\n".join(["digraph {", *self._lines(), "}"])))

    # DOT text --------------------------------------------------------------------------------------------

    def _lines(self) -> Iterator[str]:
        """Return DOT with sizes only. Graphviz never reads a text of the user here."""
        picture, gap, splines, ports = self.picture, 0.23, "true", ""
        if picture.rows:  # room for the web, and for the numbers on the other edges
            gap = max([54.0, *(size[self.is_downward] + 18 for size in self.texts if size)]) / 72
            splines, ports = "polyline", "tailport=s headport=n" if self.is_downward else "tailport=e headport=w"
        splines = "line; nslimit=1; nslimit1=1" if len(picture.boxes) > _MOST_CURVED else splines
        towards = "TB" if self.is_downward else "LR"
        yield f"rankdir={towards}; nodesep=0.16; ranksep={gap:.3f}; splines={splines}; margin=0;"
        yield "outputorder=edgesfirst; node [shape=box fixedsize=true];"
        nodes = [f'n{i} [width={w / 72:.4f} height={h / 72:.4f} label=""];' for i, (w, h) in enumerate(self.sizes)]
        if picture.rows:  # Graphviz keeps them in order outside of clusters only
            yield from nodes
            for row in picture.rows:
                yield f"{{ rank=same; {' -> '.join(f'n{i}' for i in row)} [style=invis]; }}"
        else:
            yield from self._nested(nodes)
        yield f"edge [dir=both arrowsize=0.6 {ports}];"
        for i, (edge, size) in enumerate(zip(picture.edges, self.texts, strict=True)):
            label = f" label={_blank(size)}" if size and not picture.rows else ""
            yield f"n{edge.operand} -> n{edge.result} [id={i}{label}];"

    def _nested(self, nodes: list[str]) -> Iterator[str]:
        """Write nodes inside their clusters, with room for the titles."""
        for what, k in self.picture.nested():
            if what == "open":
                size = line_width(self.picture.clusters[k].title, small=True) + 6.0, 15.0
                yield f"subgraph cluster_{k} {{ labelloc=t; margin=7; label={_blank(size)};"
            else:
                yield nodes[k] if what == "box" else "}"

    # Positions ---------------------------------------------------------------------------------------------

    def _read(self, found: dict[str, Any]) -> Layout:
        _, _, width, height = map(float, found["bb"].split(","))
        left, top, depth = 0.0, 0.0, height

        def point(text: str) -> Point:
            x, y = text.split(",")[-2:]
            return round(float(x) - left, 2), round(height - float(y) - top, 2)

        places: dict[int, Place] = {}
        frames: list[Place | None] = [None] * len(self.picture.clusters)
        for box in found.get("objects", []):
            if "bb" in box:
                x, low, right, high = map(float, box["bb"].split(","))
                frame = Place((x + right) / 2, height - (low + high) / 2, right - x, high - low)
                frames[int(box["name"].rpartition("_")[2])] = frame
            elif "pos" in box:  # or else it holds a row together
                i = int(box["name"][1:])
                places[i] = Place(*point(box["pos"]), *self.sizes[i])
        if self.picture.rows:
            frames = [_frame(cluster, places) for cluster in self.picture.clusters]
            drawn = [*places.values(), *filter(None, frames)]
            left, top = min(0.0, *(p.left for p in drawn)), min(0.0, *(p.top for p in drawn))
            width = max(width, *(p.left + p.width for p in drawn)) - left
            depth = max(height, *(p.top + p.height for p in drawn)) - top
            for place in drawn:
                place.x -= left
                place.y -= top
        routes: dict[int, Route] = {}
        for edge in found.get("edges", []):
            if "id" not in edge:
                continue
            i, parts = int(edge["id"]), edge["pos"].split()
            tips = {part[0]: point(part) for part in parts if part[0] in "se"}
            spline = [point(part) for part in parts if part[0] not in "se"]
            text, anchor, size = point(edge["lp"]) if "lp" in edge else None, "middle", self.texts[i]
            if text and size and self.is_downward:  # beside the line, in every view
                text, anchor = (round(text[0] - size[0] / 2 + 4, 2), text[1]), "start"
            routes[i] = Route(tips.get("s", spline[0]), tips.get("e", spline[-1]), spline, text, anchor)
        ordered = [places[i] for i in range(len(places))], [routes[i] for i in range(len(routes))]
        if self.picture.rows:
            self._place_texts(*ordered)
        return Layout(width, depth, *ordered, frames)

    def _place_texts(self, places: list[Place], routes: list[Route]) -> None:
        """Find places for the numbers on edges where Graphviz kept no room for them: on the line, near its middle."""
        taken = list(places)
        for size, route in zip(self.texts, routes, strict=True):
            if size is None:
                continue
            line = np.array(route.points)  # control points lie on it, for it is straight between its bends
            lengths = np.cumsum([0.0, *np.hypot(*np.diff(line, axis=0).T)])
            for t in (0.5, 0.33, 0.67, 0.2, 0.8, 0.11, 0.89):
                x, y = (float(np.interp(t * lengths[-1], lengths, axis)) for axis in line.T)
                place = Place(x, y, *size)
                if not any(place.overlaps(other) for other in taken):
                    taken.append(place)
                    route.text = x, y
                    break


def _frame(cluster: Cluster, places: dict[int, Place]) -> Place | None:
    """Return the frame round the boxes of a cluster, unless another box stands in it."""
    inside = [places[i] for i in cluster.boxes]
    left, right = min(p.left for p in inside) - 9, max(p.left + p.width for p in inside) + 9
    high, low = min(p.top for p in inside) - 9, max(p.top + p.height for p in inside) + 9
    high -= 13 * len(title_lines(cluster.title, right - left))
    frame = Place((left + right) / 2, (low + high) / 2, right - left, low - high)
    return None if any(frame.overlaps(p) for i, p in places.items() if i not in cluster.boxes) else frame


def _blank(size: tuple[float, float]) -> str:
    """Write an empty label of a given size."""
    cell = f'FIXEDSIZE="TRUE" WIDTH="{size[0]:.0f}" HEIGHT="{size[1]:.0f}"'
    table = f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0" {cell}>'
    return f"<{table}<TR><TD {cell}></TD></TR></TABLE>>"
