"""A picture in the making: what all views of a graph have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from ..graph import fixed
from .folded import clusters_of, data_of, gathered, heading_of, hint_lines, rows_of
from .formula import short
from .parts import Joint, Part, Plan, joints, whole
from .picture import Box, Edge, Line, Picture
from .reading import Reading, number
from .words import hint, hint_of, kind_of, name_of, sign

__all__ = ["View", "sum_text"]

_MOST_USES = 200
_DENSE = 3  # edges into a box, and out of the box that they come from



class View:
    """A picture in the making."""

    def __init__(self, reading: Reading, plan: Plan | None) -> None:
        self.reading, self.plan = reading, plan or whole(reading)
        self.joints = joints(reading, self.plan.parts)
        self.clusters = clusters_of(reading, self.plan)
        self.owner = {i: k for k, part in enumerate(self.plan.parts) for i in part.members}
        self.is_brief = self.plan.is_brief
        self.boxes: dict[int, Box] = {}
        self.edges: list[Edge] = []
        self.legend: list[str] = []
        self._inside = {k for cluster in self.clusters for k in cluster.boxes}
        self._place = {id(part): k for k, part in enumerate(self.plan.parts)}

    @property
    def parts(self) -> list[Part]:
        """The parts that are nodes; boxes for what is left out are the same in every view."""
        return [part for part in self.plan.parts if part.beside is None]

    def heading(self, part: Part) -> list[Line]:
        return heading_of(self.reading, part, self._place[id(part)] in self._inside)

    def add(self, part: Part, lines: list[Line], amount: float | None, nan: bool, grad: Any) -> Box:
        """Make the box of a part."""
        k, node = self._place[id(part)], self.reading.nodes[part.output]
        is_folded = bool(part.name)
        if is_folded and (distant := self._distant(part)):
            lines.insert(1, Line(f"of {distant} parameter{'s' if distant > 1 else ''}", small=True))
        told = hint_lines(self.reading, part) if is_folded else []
        told.append(hint(node, grad) if not part.is_layer else hint_of("data", data_of(self.reading, part)))
        is_result = len(self.reading.nodes) - 1 in part.outputs
        box = Box(lines, kind_of(node), is_result, amount, nan, "\n".join(told), is_folded=is_folded)
        self.boxes[k] = box
        return box

    def _distant(self, part: Part) -> int:
        """Count the parameters that a part uses and that stand in other boxes."""
        operands = {x for i in part.members for x in self.reading.operands[i]}
        leaves = [x for x in operands.difference(part.holds) if x not in self.owner and not self.reading.operands[x]]
        return len([x for x in leaves if self.reading.nodes[x].op is not fixed])

    def join(self, joint: Joint, text: str = "", amount: float = 0.0, told: str = "", flows: bool = True) -> None:
        """Make an edge."""
        told = told or (f"{len(joint.uses)} uses" if len(joint.uses) > 1 else "")
        self.edges.append(
            Edge(joint.operand, joint.result, text, sign(amount), told, flows and bool(joint.uses), amount != amount)
        )

    def slopes(self) -> Iterator[tuple[Joint, float | None, bool]]:
        """Go through the edges with their local derivatives, and whether a derivative flows along them."""
        through: dict[int, dict[int, float]] = {}
        for joint in self.joints:
            part = self.plan.parts[joint.result]
            links = [self.reading.links_of(member)[position] for member, position in joint.uses]
            flows = any(link.differentiated for link in links)
            if not flows or part.is_layer or self.plan.parts[joint.operand].is_layer:
                yield joint, None, flows
            elif len(part.members) == 1:
                yield joint, links[0].slope, flows
            else:
                if joint.result not in through:
                    through[joint.result] = self.reading.slopes_through(part.members)
                yield joint, through[joint.result].get(links[0].operand), flows

    def added(self, joint: Joint) -> Any:
        """Give what the backward pass adds to an operand along an edge; None if it adds nothing."""
        links = [self.reading.links_of(member)[position] for member, position in joint.uses]
        if self.plan.parts[joint.operand].is_layer:  # the sums of several operands
            operands = dict.fromkeys(link.operand for link in links if link.added is not None)
            sums = [_sum([link.added for link in links if link.operand == x]) for x in operands]
            return gathered(sums) if sums else None
        return _sum([link.added for link in links if link.added is not None])

    def sums(self, part: Part) -> list[str]:
        """Say what reached a part that several others use, in short and in full."""
        uses = len(self.reading.users[part.output])
        if part.is_layer or uses < 2:
            return []
        if uses > _MOST_USES:
            return [f"= sum of {uses:,} uses"]
        arrived = self._arrived(part)
        return [sum_text(arrived), sum_text(arrived, 8)] if len(arrived) > 1 else []

    def _arrived(self, part: Part) -> list[Any]:
        """List what reached a part, by step: one sum for each box that uses it, or one for each hidden node."""
        reading = self.reading
        sums: dict[Any, list[Any]] = {}
        users = sorted(set(reading.users[part.output]), key=lambda i: reading.steps.get(i, 0))
        for user in users:
            for link in reading.links_of(user):
                if link.operand == part.output and link.added is not None:
                    box = self.owner.get(user)
                    key: Any = ("hidden", user) if box is None else box
                    if box is not None and len(self.plan.parts[box].members) == 1:
                        key = (box, link.position)
                    sums.setdefault(key, []).append(link.added)
        return [_sum(found) for found in sums.values()]

    def numbered(self, order: dict[int, int], *, last_first: bool = False) -> dict[int, int]:
        """Number the parts by the order of the nodes in them, from 1; keyed by identity."""
        firsts = []
        for part in self.parts:
            found = [order[i] for i in part.members if i in order]
            if found:
                firsts.append((min(found) if last_first else max(found), id(part)))
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
        """Put everything together."""
        for k, part in enumerate(self.plan.parts):
            if part.beside is not None:
                told = "nodes that are not shown" + (f": open with expand={part.name!r}" if part.name else "")
                self.boxes[k] = Box([Line(part.stub, small=True)], "stub", False, None, False, told)
        self.legend += self.plan.remarks
        boxes = [self.boxes[k] for k in range(len(self.plan.parts))]
        title = f"{title} of {name_of(self.reading)}"
        return Picture(boxes, self.edges, is_backward, title, sentence, self.legend, self.clusters,
                       rows_of(self.plan, self.joints))  # fmt: skip


def _sum(parts: list[Any]) -> Any:
    total = None
    for part in parts:
        total = part if total is None else total + part
    return total


def sum_text(arrived: list[Any], longest: int = 3) -> str:
    """Write several numbers as a sum, or count what is too much."""
    parts = [number(x) for x in arrived]
    if any(part is None for part in parts):
        return f"= sum of {len(arrived)}"
    text = "= " + short(parts[0] or 0.0)
    for i, part in enumerate(parts[1:], start=2):
        if i > longest - (longest == 3 < len(parts)):
            return f"{text} + … ({len(parts)})"
        text += f" {'-' if (part or 0.0) < 0 else '+'} {short(abs(part or 0.0))}"
    return text
