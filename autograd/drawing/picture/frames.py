"""A graph as a sequence of frames: first it is computed node by node, then differentiated node by node."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

from ...graph import fixed
from ..analysis.formula import short, sum_of
from ..analysis.snapshot import Snapshot, number, ones, plain_data
from .elements import Box, Line, Picture
from .node_text import amounts, heading, heat_of, is_bare, value_text
from .reverse_mode import backward_picture, forward_picture
from .steps import Step, backward_sentence, forward_sentence, named, steps_of


@dataclass
class FrameSequence:
    """Pictures in the same places, one for each step, from the leaves to the result, and back.

    What does not change is the same object in each of them. The sentence of a picture says what happens.
    """

    frames: list[Picture]
    title: str
    sentence: str

    @property
    def turn(self) -> int:
        """The place of the first frame of the backward phase."""
        return sum(not frame.is_backward for frame in self.frames)

    @property
    def sentences(self) -> list[str]:
        """The sentence of each frame with its number: "step 4 of 10: ..."."""
        last = len(self.frames) - 1
        return [
            (f"step {i} of {last}: " if i else "start: ") + frame.sentence for i, frame in enumerate(self.frames)
        ]


def frames_of(snapshot: Snapshot) -> FrameSequence:
    """Return the passes through a graph, one frame for each node, from a state in which only the leaves are known."""
    forward, backward = forward_picture(snapshot), backward_picture(snapshot)
    scene = _Scene(snapshot, forward, backward)
    scene.start()
    for i, node in enumerate(snapshot.nodes):
        if node.inputs:
            scene.compute(i)
    if snapshot.adjoints:
        scene.seed()
        for step in steps_of(snapshot):
            scene.spread(step)
    title = forward.title.replace("Forward graph", "Step by step")
    return FrameSequence(scene.frames, title, f"{forward.sentence} {backward.sentence}")


class _Scene:
    """The boxes and edges as they stand, from frame to frame."""

    def __init__(self, snapshot: Snapshot, forward: Picture, backward: Picture) -> None:
        self.snapshot, self.forward, self.backward = snapshot, forward, backward
        ends = list(accumulate(map(len, snapshot.operands)))
        self.first = [end - len(operands) for end, operands in zip(ends, snapshot.operands, strict=True)]
        self.scale = forward
        self.edges = [replace(edge, text="", sign=0, hint="", has_nan=False) for edge in forward.edges]
        self.boxes = [self._box(i, known=not node.inputs, gradient=None) for i, node in enumerate(snapshot.nodes)]
        self.frames: list[Picture] = []

    def start(self) -> None:
        pairs = zip(self.snapshot.nodes, self.snapshot.data, strict=True)
        given = [(node.label, number(data)) for node, data in pairs if not node.inputs and node.label]
        told = [label if single is None else f"{label} = {short(single)}" for label, single in given]
        more = f" and {len(told) - 6} more" if len(told) > 6 else ""
        self._take(set(), set(), f"given are {', '.join(told[:6])}{more}" if told else "the leaves are given")

    def compute(self, i: int) -> None:
        node = self.snapshot.nodes[i]
        self.boxes[i] = self._box(i, known=True, gradient=None)
        along = self._along(i)
        for k in along:
            self.edges[k] = self.forward.edges[k]
        self._take({i}, set(along), forward_sentence(node))

    def seed(self) -> None:
        """Turn round: every box loses the colour of its value, and the last one gets the first gradient."""
        self.scale = self.backward
        self.boxes = [self._box(i, known=True, gradient=None) for i in range(len(self.boxes))]
        seeded = [i for i in self.snapshot.roots if i in self.snapshot.adjoints]
        for i in seeded:
            self._receive(i, [self._seed(i)])
        told = " and ".join(f"{named(self.snapshot.nodes[i])} receives {value_text(self._seed(i))}" for i in seeded)
        self._take(set(seeded), set(), f"backward begins: {told}")

    def _seed(self, i: int) -> Any:
        """Return what a result starts from; those that others depend on receive more later."""
        return self.snapshot.adjoints[i] if len(self.snapshot.roots) == 1 else ones(self.snapshot.data[i])

    def spread(self, step: Step) -> None:
        here = self.snapshot.place[step.node]
        self.boxes[here] = replace(self.boxes[here], step=step.number)
        reached: dict[int, list[Any]] = {}
        along = [self._along(here)[part.position] for part in step.contributions]
        for part, k in zip(step.contributions, along, strict=True):
            reached.setdefault(self.snapshot.place[part.operand], []).append(part)
            self.edges[k] = self.backward.edges[k]
        told = {i: self._receive(i, [parts[0].before, *(part.added for part in parts)]) for i, parts in reached.items()}
        self._take({here}, set(along), backward_sentence(step))
        for i, settled in told.items():  # from the next frame on, a sum is a number
            self.boxes[i] = settled

    def _along(self, i: int) -> range:
        """Return the places of the edges from the operands of a node, in order."""
        return range(self.first[i], self.first[i] + len(self.snapshot.operands[i]))

    def _receive(self, i: int, parts: list[Any]) -> Box:
        """Show the gradient of a box, as a sum in this frame; give it as it is to be shown from then on."""
        total = parts[0]
        for part in parts[1:]:
            total = total + part
        settled = self._box(i, known=True, gradient=total)
        numbers = [number(part) for part in parts]
        if numbers[0] == 0.0:
            numbers = numbers[1:]
        self.boxes[i] = settled
        if len(numbers) > 1 and None not in numbers:
            lines = [*settled.lines[:-1], Line(f"grad {sum_of(numbers)} = {short(number(total))}")]
            self.boxes[i] = replace(settled, lines=lines)
        return settled

    def _box(self, i: int, known: bool, gradient: Any) -> Box:
        node, box = self.snapshot.nodes[i], self.forward.boxes[i]
        data = self.snapshot.data[i] if known else None
        lines = heading(node) + amounts("" if is_bare(node) else "data", data)
        back = self.scale.is_backward
        if back and node.op is not fixed:
            lines += amounts("grad", gradient, brief=True)
        lines += [Line(note, small=True)] if (note := self.snapshot.note(i)) else []
        coloured = gradient if back else data
        return replace(
            box, lines=lines, amount=number(coloured), step=None,
            heat=heat_of(plain_data(coloured)), has_nan=box.has_nan and known,
            hint=box.hint if known else box.hint.partition("\n")[0],
            is_faint=not known or (back and gradient is None and node.op is not fixed),
        )  # fmt: skip

    def _take(self, lit: set[int], along: set[int], sentence: str) -> None:
        boxes = [replace(box, is_lit=True) if i in lit else box for i, box in enumerate(self.boxes)]
        edges = [replace(edge, is_lit=True) if k in along else edge for k, edge in enumerate(self.edges)]
        picture = Picture(boxes, edges, self.scale.is_backward, self.scale.title, sentence)
        picture.largest = self.scale.largest
        self.frames.append(picture)
