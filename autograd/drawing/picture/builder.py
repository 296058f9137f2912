"""A picture in the making: what all views of a graph have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from ...graph import fixed
from ..analysis.formula import cut, short, sum_of
from ..analysis.groups import Connection, Group, Grouping, connections, whole
from ..analysis.snapshot import Snapshot, number, plain_data
from .elements import Box, Edge, Line, Picture
from .group_text import clusters_of, data_of, gathered, heading_of, hint_lines, rows_of
from .node_text import has_nan, heat_of, hint, hint_of, kind_of, name_of, sign

_MOST_USES = 200
_DENSE = 3  # edges into a box, and out of the box that they come from



class PictureBuilder:
    """A picture in the making."""

    def __init__(self, snapshot: Snapshot, grouping: Grouping | None) -> None:
        self.snapshot, self.grouping = snapshot, grouping or whole(snapshot)
        self.connections = connections(snapshot, self.grouping.groups)
        self.clusters = clusters_of(snapshot, self.grouping)
        self.owner = {i: k for k, group in enumerate(self.grouping.groups) for i in group.members}
        self.is_brief = self.grouping.is_brief
        self.boxes: dict[int, Box] = {}
        self.edges: list[Edge] = []
        self.legend: list[str] = []
        self._inside = {k for cluster in self.clusters for k in cluster.boxes}
        self._place = {id(group): k for k, group in enumerate(self.grouping.groups)}

    @property
    def groups(self) -> list[Group]:
        """The groups that are nodes; boxes for what is left out are the same in every view."""
        return [group for group in self.grouping.groups if group.beside is None]

    def heading(self, group: Group) -> list[Line]:
        return heading_of(self.snapshot, group, self._place[id(group)] in self._inside)

    def add(self, group: Group, lines: list[Line], shown: Any, grad: Any, step: int | None = None) -> Box:
        """Make the box of a group; `shown` is what its colour tells, `grad` what its tooltip tells."""
        k, node = self._place[id(group)], self.snapshot.nodes[group.output]
        is_folded = bool(group.name)
        if is_folded and (distant := self._distant(group)):
            lines.insert(1, Line(f"of {distant} parameter{'s' if distant > 1 else ''}", small=True))
        told = hint_lines(self.snapshot, group) if is_folded else []
        told.append(hint(node, grad) if not group.is_layer else hint_of("data", data_of(self.snapshot, group)))
        is_result = not set(self.snapshot.roots).isdisjoint(group.outputs)
        lines += [Line(cut(note, 30), small=True) for i in group.outputs if (note := self.snapshot.note(i))]
        self.boxes[k] = Box(lines, kind_of(node), is_result, number(shown), has_nan(shown), "\n".join(told), step,
                            is_folded, group.name, [] if self.is_brief else heat_of(plain_data(shown)))  # fmt: skip
        return self.boxes[k]

    def _distant(self, group: Group) -> int:
        """Count the parameters that a group uses and that stand in other boxes."""
        operands = {x for i in group.members for x in self.snapshot.operands[i]}
        leaves = [x for x in operands.difference(group.holds) if x not in self.owner and not self.snapshot.operands[x]]
        return len([x for x in leaves if self.snapshot.nodes[x].op is not fixed])

    def join(
        self, connection: Connection, text: str = "", amount: float = 0.0, told: str = "", flows: bool = True
    ) -> None:
        """Make an edge."""
        uses = connection.uses
        told = told or (f"{len(uses)} uses" if len(uses) > 1 else "")
        edge = Edge(connection.operand, connection.result, text, sign(amount), told, flows and bool(uses))
        edge.has_nan = amount != amount
        self.edges.append(edge)

    def join_by(self, connection: Connection, slope: float | None, flows: bool = True) -> None:
        """Make an edge with a local derivative, if that is a single number."""
        told = "" if slope is None else f"local derivative {slope!r}"
        self.join(connection, "" if slope is None else short(slope), slope or 0.0, told, flows)

    def slopes(self) -> Iterator[tuple[Connection, float | None, bool]]:
        """Yield the edges with their local derivatives, and whether a derivative flows along them."""
        through: dict[int, dict[int, float]] = {}
        for connection in self.connections:
            group = self.grouping.groups[connection.result]
            links = [self.snapshot.links_of(member)[position] for member, position in connection.uses]
            flows = any(link.differentiated for link in links)
            if not flows or group.is_layer or self.grouping.groups[connection.operand].is_layer:
                yield connection, None, flows
            elif len(group.members) == 1:
                yield connection, links[0].slope, flows
            else:
                if connection.result not in through:
                    through[connection.result] = self.snapshot.slopes_through(group.members)
                yield connection, through[connection.result].get(links[0].operand), flows

    def added(self, connection: Connection) -> Any:
        """Return what the backward pass adds to an operand along an edge; None if it adds nothing."""
        links = [self.snapshot.links_of(member)[position] for member, position in connection.uses]
        if self.grouping.groups[connection.operand].is_layer:  # the sums of several operands
            operands = dict.fromkeys(link.operand for link in links if link.added is not None)
            sums = [_sum([link.added for link in links if link.operand == x]) for x in operands]
            return gathered(sums) if sums else None
        return _sum([link.added for link in links if link.added is not None])

    def sums(self, group: Group) -> list[str]:
        """Return what reached a group that several others use, in short and in full."""
        uses = len(self.snapshot.users[group.output])
        if group.is_layer or uses < 2:
            return []
        if uses > _MOST_USES:
            return [f"= sum of {uses:,} uses"]
        arrived = self._arrived(group)
        return [sum_text(arrived), sum_text(arrived, 8)] if len(arrived) > 1 else []

    def _arrived(self, group: Group) -> list[Any]:
        """List what reached a group, by step: one sum for each box that uses it, or one for each hidden node."""
        snapshot = self.snapshot
        sums: dict[Any, list[Any]] = {}
        users = sorted(set(snapshot.users[group.output]), key=lambda i: snapshot.steps.get(i, 0))
        for user in users:
            for link in snapshot.links_of(user):
                if link.operand == group.output and link.added is not None:
                    box = self.owner.get(user)
                    key: Any = ("hidden", user) if box is None else box
                    if box is not None and len(self.grouping.groups[box].members) == 1:
                        key = (box, link.position)
                    sums.setdefault(key, []).append(link.added)
        return [_sum(found) for found in sums.values()]

    def numbered(self, order: dict[int, int], *, last_first: bool = False) -> dict[int, int]:
        """Number the groups by the order of the nodes in them, from 1; keyed by identity."""
        firsts = []
        for group in self.groups:
            found = [order[i] for i in group.members if i in order]
            if found:
                firsts.append((min(found) if last_first else max(found), id(group)))
        return {key: n for n, (_, key) in enumerate(sorted(firsts), start=1)}

    # The whole ---------------------------------------------------------------------------------------------

    @property
    def has_texts(self) -> bool:
        return any(edge.text for edge in self.edges)

    @property
    def has_colours(self) -> bool:
        return any(box.amount for box in self.boxes.values())

    def finish_edges(self) -> None:
        """Leave out the numbers on edges where there are too many to be read: between layers."""
        into = Counter(edge.result for edge in self.edges)
        out_of = Counter(edge.operand for edge in self.edges)
        texts = [edge for edge in self.edges if edge.text]
        dense = [e for e in texts if self.is_brief or min(into[e.result], out_of[e.operand]) >= _DENSE]
        for edge in dense:
            edge.text, edge.is_faint = "", True
        self.remark("on an edge without a number: see its tooltip", dense)

    def remark(self, text: str, condition: Any = True) -> None:
        """Add a line to the legend."""
        if condition:
            self.legend.append(text)

    def picture(self, title: str, sentence: str, *, is_backward: bool = False) -> Picture:
        """Return the whole picture."""
        for k, group in enumerate(self.grouping.groups):
            if group.beside is not None:
                told = "nodes that are not shown" + (f": open with expand={group.name!r}" if group.name else "")
                self.boxes[k] = Box([Line(group.stub, small=True)], "stub", False, None, False, told)
        self.legend += self.grouping.remarks
        boxes = [self.boxes[k] for k in range(len(self.grouping.groups))]
        for edge in self.edges:
            edge.is_back = is_backward
        title = f"{title} of {name_of(self.snapshot)}"
        return Picture(boxes, self.edges, is_backward, title, sentence, self.legend, self.clusters,
                       rows_of(self.grouping, self.connections))  # fmt: skip


def _sum(groups: list[Any]) -> Any:
    total = None
    for group in groups:
        total = group if total is None else total + group
    return total


def sum_text(arrived: list[Any], longest: int = 3) -> str:
    """Write several numbers as a sum, or count what is too much."""
    terms = [number(x) for x in arrived]
    return f"= sum of {len(arrived)}" if None in terms else f"= {sum_of(terms, longest)}"
