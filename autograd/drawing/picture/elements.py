"""The elements of a picture as plain data: boxes with short lines of text, and edges."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from ...display import level


@dataclass
class Glyphs:
    """The outlines of a formula as SVG in black, and its size in pixels."""

    width: float
    height: float
    markup: str


@dataclass
class Line:
    """One line in a box: 12 px, or 10 px if it is small.

    Attributes:
        typst, latex: the same as mathematics, in these languages.
        glyphs: how the mathematics is drawn, once it has been set.
    """

    text: str
    small: bool = False
    bold: bool = False
    typst: str = ""
    latex: str = ""
    glyphs: Glyphs | None = None


@dataclass(eq=False)
class Box:
    """One node.

    Attributes:
        lines: what stands in it.
        kind: "leaf", "op", "constant", or "stub" for what is not shown.
        is_result: whether it is the node that was drawn.
        amount: the number that its colour shows, if it is one.
        has_nan: whether there is a NaN in it.
        step: the step of the backward pass that is this node's, from 1.
        hint: the full numbers.
        is_folded: whether several nodes stand in it.
        part: the name of these nodes, by which they are opened.
        heat: for an array, rows of levels of colour, from -8 to 8.
        is_lit, is_faint: whether a step of the player highlights it, and whether it has nothing to show yet.
    """

    lines: list[Line]
    kind: str
    is_result: bool
    amount: float | None
    has_nan: bool
    hint: str
    step: int | None = None
    is_folded: bool = False
    part: str = ""
    heat: list[list[int]] = field(default_factory=list)
    is_lit: bool = False
    is_faint: bool = False

    def words(self, between: str) -> str:
        """Return what stands in it, after its step, as text."""
        step = f"{self.step}. " if self.step is not None else ""
        return step + between.join(line.text for line in self.lines)


@dataclass(eq=False)
class Edge:
    """One use of an operand: places of both ends among the boxes, the text beside it, and its number, or 0.

    Attributes:
        flows: whether a derivative flows along it.
        is_back: whether it is one of the backward pass.
        is_faint: whether it is one of so many that each is drawn thin.
        formula: its text as mathematics.
        is_lit: whether a step of the player goes along it.
    """

    operand: int
    result: int
    text: str
    amount: float
    hint: str
    flows: bool = True
    is_faint: bool = False
    formula: Line | None = None
    is_back: bool = False
    is_lit: bool = False

    @property
    def arrow(self) -> str:
        """Return "forward", to the result, "back", to the operand, or "none" where nothing flows back."""
        return "forward" if not self.is_back else "back" if self.flows else "none"

    @property
    def style(self) -> str:
        """Return "dashed" for a negative number, "dotted" where no derivative flows, or else "solid"."""
        return "dashed" if self.amount < 0 else "solid" if self.flows else "dotted"


@dataclass
class Cluster:
    """A frame around boxes, such as those of a layer.

    Attributes:
        title: its text.
        boxes: their places in `Picture.boxes`.
        parent: the place of the frame around it in `Picture.clusters`, if there is one.
    """

    title: str
    boxes: list[int]
    parent: int | None = None


@dataclass
class Picture:
    """Boxes and edges.

    Attributes:
        boxes: the boxes, operands before results.
        edges: the edges, several between two boxes if an operand is used several times.
        is_backward: whether it shows the backward pass.
        title: a few words.
        sentence: a description for readers who do not see the picture.
        legend: how to read it, in short remarks.
        clusters: frames around boxes, outer ones first.
        direction: "LR", from left to right, "TB", from top to bottom, or "": what fits a page.
        rows: boxes that stand side by side, in order: the neurons of a layer, with all that joins them to the next.
    """

    boxes: list[Box]
    edges: list[Edge]
    is_backward: bool
    title: str
    sentence: str
    legend: list[str] = field(default_factory=list)
    clusters: list[Cluster] = field(default_factory=list)
    rows: list[list[int]] = field(default_factory=list)
    direction: str = ""

    @cached_property
    def largest(self) -> float:
        """The largest size of a number that has a colour."""
        return max((abs(b.amount) for b in self.boxes if b.amount is not None and math.isfinite(b.amount)), default=0.0)

    def level_of(self, box: Box) -> int:
        """Return the colour of a box, from -8, orange, over 0 to 8, blue."""
        return level(box.amount, self.largest)

    def nested(self) -> Iterator[tuple[str, int]]:
        """Yield frames and boxes in order: ("open", frame), ("box", box) and ("close", frame)."""
        home = {i: k for k, cluster in enumerate(self.clusters) for i in cluster.boxes}  # the innermost comes last

        def inside(k: int | None) -> Iterator[tuple[str, int]]:
            for j, cluster in enumerate(self.clusters):
                if cluster.parent == k:
                    yield "open", j
                    yield from inside(j)
                    yield "close", j
            yield from (("box", i) for i in range(len(self.boxes)) if home.get(i) == k)

        yield from inside(None)


def width_of(text: str) -> int:
    """Count the columns that a text takes in a monospace font.

    >>> width_of("tanh"), width_of("値")
    (4, 2)
    """
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
