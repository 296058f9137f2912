"""A graph as a sequence of frames: first it is computed node by node, then differentiated node by node."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ...graph import constant
from ..analysis.formula import short, sum_of
from ..analysis.snapshot import Snapshot, is_bare, number, plain_data
from .elements import Box, Line, Picture
from .node_text import amounts, heading, heat_of, value_text
from .reverse_mode import backward_picture, forward_picture
from .steps import Step, backward_sentence, forward_sentence, listed, named, steps_of


@dataclass
class FrameSequence:
    """Pictures in the same places, one for each step, from the leaves to the result, and back.

    What does not change is the same object in each of them. The sentence of a picture describes the step.
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
        return [(f"step {i} of {last}: " if i else "start: ") + frame.sentence for i, frame in enumerate(self.frames)]


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
        self.scale = forward
        self.edges = [replace(edge, text="", amount=0.0, hint="") for edge in forward.edges]
        self.boxes = [self._box(i, is_known=not node.inputs) for i, node in enumerate(snapshot.nodes)]
        self.frames: list[Picture] = []

    def start(self) -> None:
        pairs = zip(self.snapshot.nodes, self.snapshot.data, strict=True)
        given = [(node.label, number(data)) for node, data in pairs if not node.inputs and node.label]
        texts = [label if single is None else f"{label} = {short(single)}" for label, single in given]
        self._take([], [], listed(texts, 6, "given are ") or "the leaves are given")

    def compute(self, i: int) -> None:
        self.boxes[i] = self._box(i)
        along = self._along(i)
        for k in along:
            self.edges[k] = self.forward.edges[k]
        self._take([i], along, forward_sentence(self.snapshot.nodes[i]))

    def seed(self) -> None:
        """Turn round: every box loses the colour of its value, and the last one gets the first gradient."""
        self.scale, seeds = self.backward, self.snapshot.seeds
        self.boxes = [self._box(i, seeds.get(i)) for i in range(len(self.boxes))]
        texts = " and ".join(f"{named(self.snapshot.nodes[i])} receives {value_text(x)}" for i, x in seeds.items())
        self._take(list(seeds), [], f"backward begins: {texts}")

    def spread(self, step: Step) -> None:
        """Propagate a gradient; where several terms have arrived, this frame shows their sum."""
        here = self.snapshot.place[step.node]
        self.boxes[here] = replace(self.boxes[here], step=step.number)
        edges = self._along(here)
        along = [edges[part.position] for part in step.terms]
        settled = list(self.boxes)
        terms: dict[int, list[float | None]] = {}
        for part, k in zip(step.terms, along, strict=True):
            i, before = self.snapshot.place[part.operand], number(part.before)
            arrived = terms.setdefault(i, [] if before == 0.0 else [before])
            arrived.append(number(part.added))
            self.edges[k] = self.backward.edges[k]
            settled[i] = self._box(i, part.after)
            is_sum = len(arrived) > 1 and None not in arrived
            self.boxes[i] = self._box(i, part.after, f" {sum_of(arrived)} =") if is_sum else settled[i]
        self._take([here], along, backward_sentence(step))
        self.boxes = settled

    def _along(self, i: int) -> list[int]:
        """Return the places of the edges from the operands of a node, in order."""
        return [k for k, edge in enumerate(self.edges) if edge.result == i]

    def _box(self, i: int, gradient: Any = None, terms: str = "", is_known: bool = True) -> Box:
        node, box = self.snapshot.nodes[i], self.forward.boxes[i]
        data = self.snapshot.data[i] if is_known else None
        has_gradient = self.scale.is_backward and node.op is not constant
        lines = heading(node) + amounts("" if is_bare(node) else "data", data)
        lines += amounts(f"grad{terms}", gradient, brief=True) if has_gradient else []
        lines += [Line(note, small=True)] if (note := self.snapshot.note(i)) else []
        coloured = gradient if self.scale.is_backward else data
        return replace(
            box, lines=lines, amount=number(coloured), step=None, heat=heat_of(plain_data(coloured)),
            has_nan=box.has_nan and is_known, hint=box.hint if is_known else box.hint.partition("\n")[0],
            is_faint=not is_known or (has_gradient and gradient is None),
        )  # fmt: skip

    def _take(self, lit: list[int], along: list[int], sentence: str) -> None:
        picture = Picture(list(self.boxes), list(self.edges), self.scale.is_backward, self.scale.title, sentence)
        for i in lit:
            picture.boxes[i] = replace(picture.boxes[i], is_lit=True)
        for k in along:
            picture.edges[k] = replace(picture.edges[k], is_lit=True)
        picture.largest = self.scale.largest
        self.frames.append(picture)
