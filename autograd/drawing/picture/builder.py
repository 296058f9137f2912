"""`PictureBuilder`: the common parts of all views of a graph."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from ...graph import constant
from ..analysis.formula import cut, several, short, sum_of
from ..analysis.groups import Connection, Group, Grouping, connections, whole
from ..analysis.snapshot import Link, Snapshot, number, plain_data
from .elements import Box, Edge, Line, Picture
from .group_text import clusters_of, data_of, gathered, heading_of, hint_lines, rows_of
from .node_text import has_nan, heat_of, hint, hint_of, kind_of, name_of

_DENSE = 3  # edges into a box, and out of the box that they come from


class PictureBuilder:
    """Builds the picture of a graph."""

    def __init__(self, snapshot: Snapshot, grouping: Grouping | None, is_backward: bool = False) -> None:
        self.snapshot, self.grouping, self.is_backward = snapshot, grouping or whole(snapshot), is_backward
        self.connections = connections(snapshot, self.grouping.groups)
        self.clusters = clusters_of(snapshot, self.grouping)
        self.owner = {i: k for k, group in enumerate(self.grouping.groups) for i in group.members}
        self.is_brief = self.grouping.is_brief
        self.boxes: dict[int, Box] = {}
        self.edges: list[Edge] = []
        self.legend: list[str] = []
        self._uses: dict[int, list[Connection]] = defaultdict(list)
        for connection in self.connections:
            if connection.uses:
                self._uses[connection.operand].append(connection)
        self._inside = {k for cluster in self.clusters for k in cluster.boxes}

    @property
    def groups(self) -> list[tuple[int, Group]]:
        """The groups that are nodes, with their places; boxes for what is left out are the same in every view."""
        return [(k, group) for k, group in enumerate(self.grouping.groups) if group.beside is None]

    def heading(self, k: int) -> list[Line]:
        return heading_of(self.snapshot, self.grouping.groups[k], k in self._inside)

    def add(self, k: int, lines: list[Line], shown: Any, grad: Any, step: int | None = None) -> Box:
        """Make the box of a group; `shown` is what its colour shows, `grad` what its tooltip shows."""
        group = self.grouping.groups[k]
        node = self.snapshot.nodes[group.output]
        is_folded = bool(group.name)
        if is_folded and (distant := self._distant(group)):
            lines.insert(1, Line(f"of {several(distant, 'parameter')}", small=True))
        hints = hint_lines(self.snapshot, group) if is_folded else []
        hints.append(hint(node, grad) if not group.is_layer else hint_of("data", data_of(self.snapshot, group)))
        is_result = not set(self.snapshot.roots).isdisjoint(group.outputs)
        lines += [Line(cut(note, 30), small=True) for i in group.outputs if (note := self.snapshot.note(i))]
        self.boxes[k] = Box(lines, kind_of(node), is_result, number(shown), has_nan(shown), "\n".join(hints), step,
                            is_folded, group.name, [] if self.is_brief else heat_of(plain_data(shown)))  # fmt: skip
        return self.boxes[k]

    def _distant(self, group: Group) -> int:
        """Return the number of parameters that a group uses, but that are in other boxes."""
        operands = {x for i in group.members for x in self.snapshot.operands[i]}
        leaves = [x for x in operands.difference(group.holds) if x not in self.owner and not self.snapshot.operands[x]]
        return len([x for x in leaves if self.snapshot.nodes[x].op is not constant])

    def join(
        self, connection: Connection, text: str = "", amount: float = 0.0, tooltip: str = "", flows: bool = True
    ) -> None:
        """Add an edge."""
        uses = connection.uses
        tooltip = tooltip or (f"{len(uses)} uses" if len(uses) > 1 else "")
        ends = connection.operand, connection.result
        self.edges.append(Edge(*ends, text, amount, tooltip, flows, is_back=self.is_backward))

    def join_by(self, connection: Connection, partial: float | None, flows: bool = True) -> None:
        """Add an edge with its local derivative, if that is a single number."""
        tooltip = "" if partial is None else f"local derivative {partial!r}"
        self.join(connection, "" if partial is None else short(partial), partial or 0.0, tooltip, flows)

    def join_product(self, connection: Connection, first: float, second: float, product: float) -> None:
        """Add an edge with the vjp term that is added at its end."""
        tooltip = f"adds {first!r} × {second!r} = {product!r}"
        self.join(connection, f"{short(first)} × {short(second)}", product, tooltip)

    def _links(self, connection: Connection) -> list[Link]:
        return [self.snapshot.links_of(member)[position] for member, position in connection.uses]

    def partials(self) -> Iterator[tuple[Connection, float | None, bool]]:
        """Yield the edges with their local derivatives, and whether a derivative flows along them."""
        groups = self.grouping.groups
        for connection in self.connections:
            group, links = groups[connection.result], self._links(connection)
            flows, partial = any(link.differentiated for link in links), None
            if flows and not group.is_layer and not groups[connection.operand].is_layer:
                partial = links[0].partial
                if len(group.members) > 1:
                    partial = self.snapshot.partials_through(group.members).get(links[0].operand)
            yield connection, partial, flows

    def added(self, connection: Connection) -> Any:
        """Return the vjp term that the backward pass adds along an edge, or None."""
        sums: dict[int, Any] = {}  # several for a layer
        for link in self._links(connection):
            if link.added is not None:
                sums[link.operand] = sums[link.operand] + link.added if link.operand in sums else link.added
        return gathered(list(sums.values())) if sums else None

    def sums(self, k: int) -> list[str]:
        """Return what reached a group that several others use, in the order of the pass: in short and in full."""
        uses, steps = len(self.snapshot.users[self.grouping.groups[k].output]), self.snapshot.steps
        if self.grouping.groups[k].is_layer or uses < 2:
            return []
        arriving = self._uses[k]
        if sum(len(connection.uses) for connection in arriving) < uses:  # by nodes that are not shown, too
            return [f"= sum of {uses:,} uses"]
        in_order = sorted(arriving, key=lambda connection: steps.get(connection.uses[0][0], 0))
        arrived = [x for x in map(self.added, in_order) if x is not None]
        return [sum_text(arrived), sum_text(arrived, 8)] if len(arrived) > 1 else []

    def numbered(self, order: Iterable[int]) -> dict[int, int]:
        """Number the groups from 1, in the order in which their results are reached."""
        of_result = {i: k for k, group in self.groups for i in group.outputs}
        reached = dict.fromkeys(of_result[i] for i in order if i in of_result)
        return {k: n for n, k in enumerate(reached, start=1)}

    # The whole ---------------------------------------------------------------------------------------------

    @property
    def has_texts(self) -> bool:
        return any(edge.text for edge in self.edges)

    @property
    def has_colours(self) -> bool:
        return any(box.amount for box in self.boxes.values())

    def finish_edges(self) -> None:
        """Omit the numbers on edges between layers, where there are too many to read."""
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

    def picture(self, title: str, sentence: str) -> Picture:
        """Return the finished picture."""
        for k, group in enumerate(self.grouping.groups):
            if group.beside is not None:
                tooltip = "nodes that are not shown" + (f": open with expand={group.name!r}" if group.name else "")
                self.boxes[k] = Box([Line(group.stub, small=True)], "stub", False, None, False, tooltip)
        self.legend += self.grouping.remarks
        boxes = [self.boxes[k] for k in range(len(self.grouping.groups))]
        title = f"{title} of {name_of(self.snapshot)}"
        return Picture(boxes, self.edges, self.is_backward, title, sentence, self.legend, self.clusters,
                       rows_of(self.grouping, self.connections))  # fmt: skip


def sum_text(arrived: list[Any], longest: int = 3) -> str:
    """Return numbers as a sum. If there are too many, the rest is only counted."""
    terms = [number(x) for x in arrived]
    return f"= sum of {len(arrived)}" if None in terms else f"= {sum_of(terms, longest)}"
