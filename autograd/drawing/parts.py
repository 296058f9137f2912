"""What stands in one box: the parts that a picture divides a graph into. All numbers are places in `Reading.nodes`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from .reading import Reading

__all__ = ["Joint", "Part", "Plan", "joints", "whole"]


@dataclass
class Part:
    """Nodes that share a box.

    Attributes:
        members: the nodes, every operand before its results; none if the box stands for what is not shown.
        outputs: those whose numbers the box shows; several for a layer.
        holds: leaves that stand in the box instead of in one of their own.
        name: what opens it again, by `expand`; empty for a single node.
        place: the modules that it belongs to, outermost first.
        stub: what the box says if it stands for nodes that are not shown.
        beside: for such a box, the part that it hangs on, and whether as an operand of it.
        activation: whether the last member is the activation of a neuron.
    """

    members: list[int]
    outputs: list[int]
    holds: list[int] = field(default_factory=list)
    name: str = ""
    place: tuple[str, ...] = ()
    stub: str = ""
    beside: tuple[Part, bool] | None = None
    activation: bool = False

    @property
    def output(self) -> int:
        """The node whose numbers the box shows, if it shows those of one."""
        return self.outputs[-1]

    @property
    def is_layer(self) -> bool:
        """Say whether several results leave the box."""
        return len(self.outputs) > 1


@dataclass
class Plan:
    """A graph divided into parts.

    Attributes:
        parts: the parts, operands before results.
        remarks: what was folded or left out, and how to see it.
        depth: from 0, layers as boxes, to 3, every value.
        is_brief: whether there are so many boxes that each says little.
        typical: for the places of parts, from the outermost, a part as it stands there when it is folded.
    """

    parts: list[Part]
    remarks: list[str] = field(default_factory=list)
    depth: int = 3
    is_brief: bool = False
    typical: dict[tuple[str, ...], Part] = field(default_factory=dict)


@dataclass
class Joint:
    """What one edge stands for.

    Attributes:
        operand, result: places in `Plan.parts`.
        uses: the members of the result that use the operand, and which operand it is to them.
    """

    operand: int
    result: int
    uses: list[tuple[int, int]]


def whole(reading: Reading) -> Plan:
    """Give every node a part of its own."""
    return Plan([Part([i], [i]) for i in range(len(reading.nodes))])


def joints(reading: Reading, parts: list[Part]) -> list[Joint]:
    """List the edges: one for each use by a single node, one for each operand of a sum, one between layers."""
    owner = {i: k for k, part in enumerate(parts) for i in part.members}
    found = []
    for k, part in enumerate(parts):
        if part.beside is not None:
            neighbour = next(i for i, other in enumerate(parts) if other is part.beside[0])
            found.append(Joint(*((k, neighbour) if part.beside[1] else (neighbour, k)), []))
            continue
        together: dict[tuple[int, ...], Joint] = {}
        for member, position, operand in _uses(reading, part):
            if operand not in owner or owner[operand] == k or operand in part.holds:
                continue
            source = owner[operand]
            key: tuple[int, ...] = (source, operand)
            if part.is_layer or parts[source].is_layer:
                key = (source,)
            elif len(part.members) == 1:
                key = (source, operand, position)
            together.setdefault(key, Joint(source, k, [])).uses.append((member, position))
        found += together.values()
    return found


def _uses(reading: Reading, part: Part) -> Iterator[tuple[int, int, int]]:
    for member in part.members:
        for position, operand in enumerate(reading.operands[member]):
            yield member, position, operand
