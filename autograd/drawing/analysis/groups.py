"""The groups of nodes that share a box. Integers are indices in `Snapshot.nodes`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from .snapshot import Snapshot

DEEPEST = 3
"""Depths: 0 layers, 1 neurons, 2 sums of products, 3 every value."""


@dataclass(eq=False)
class Group:
    """Nodes that share a box.

    Attributes:
        members: the nodes, every operand before its results; none if the box stands for what is not shown.
        outputs: those whose numbers the box shows; several for a layer.
        holds: leaves that stand in the box instead of in one of their own.
        name: what opens it again, by `expand`; empty for a single node.
        place: the modules that it belongs to, outermost first.
        stub: the text of the box if it stands for nodes that are not shown.
        beside: for such a box, the group that it hangs on, and whether as an operand of it.
        title: what the members compute together, if that has a name, such as softmax.
        activation: whether the last member is the activation of a neuron.
        depth: the last at which it is one box.
        parts: what it consists of; none where that is single nodes.
    """

    members: list[int]
    outputs: list[int]
    holds: list[int] = field(default_factory=list)
    name: str = ""
    place: tuple[str, ...] = ()
    stub: str = ""
    beside: tuple[Group, bool] | None = None
    activation: bool = False
    title: str = ""
    depth: int = DEEPEST
    parts: list[Group] = field(default_factory=list)

    @property
    def output(self) -> int:
        """The node whose numbers the box shows, if it shows those of one."""
        return self.outputs[-1]

    @property
    def is_layer(self) -> bool:
        """Return whether several results leave the box."""
        return len(self.outputs) > 1


@dataclass
class Grouping:
    """A graph divided into groups.

    Attributes:
        groups: the groups, operands before results.
        remarks: what was folded or left out, and how to see it.
        depth: from 0, layers as boxes, to 3, every value.
        is_brief: whether there are so many boxes that each shows little.
        opened: gives what a part consists of, by its name.
        typical: for the places of groups, from the outermost, a group as it stands there when it is folded.
    """

    groups: list[Group]
    remarks: list[str] = field(default_factory=list)
    depth: int = 3
    is_brief: bool = False
    typical: dict[tuple[str, ...], Group] = field(default_factory=dict)
    opened: Callable[[str], list[Group]] = field(default=lambda name: [])


@dataclass
class Connection:
    """What one edge stands for.

    Attributes:
        operand, result: places in `Grouping.groups`.
        uses: the members of the result that use the operand, and which operand it is to them.
    """

    operand: int
    result: int
    uses: list[tuple[int, int]]


def whole(snapshot: Snapshot) -> Grouping:
    """Return a group for every node."""
    return Grouping([Group([i], [i]) for i in range(len(snapshot.nodes))])


def connections(snapshot: Snapshot, groups: list[Group]) -> list[Connection]:
    """Return the edges: one for each use by a single node, one for each operand of a sum, one between layers."""
    owner = {i: k for k, group in enumerate(groups) for i in group.members}
    found = []
    for k, group in enumerate(groups):
        if group.beside is not None:
            neighbour = next(i for i, other in enumerate(groups) if other is group.beside[0])
            found.append(Connection(*((k, neighbour) if group.beside[1] else (neighbour, k)), []))
            continue
        together: dict[tuple[int, ...], Connection] = {}
        uses = ((member, *use) for member in group.members for use in enumerate(snapshot.operands[member]))
        for member, position, operand in uses:
            if operand not in owner or owner[operand] == k or operand in group.holds:
                continue
            source = owner[operand]
            key: tuple[int, ...] = (source, operand)
            if group.is_layer or groups[source].is_layer:
                key = (source,)
            elif len(group.members) == 1:
                key = (source, operand, position)
            together.setdefault(key, Connection(source, k, [])).uses.append((member, position))
        found += together.values()
    return found
