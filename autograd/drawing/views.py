"""The views of a graph: which lines stand in its boxes, and which numbers on its edges."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from ..graph import fixed
from .folded import clusters_of, data_of, gathered, grads_of, heading_of, held_lines, hint_lines, rows_of
from .formula import one_line, short
from .parts import Joint, Part, Plan, joints, whole
from .picture import Box, Edge, Line, Picture
from .reading import Reading, number, plain_data
from .rules import Rules, remarks_on, rule_lines, rule_texts
from .words import amounts, has_nan, hint, hint_of, is_bare, kind_of, name_of, sign, value_text

__all__ = ["backward_picture", "forward_picture"]

_SHAPES = "round ends: a leaf, double outline: the result"
_MOST_USES = 200
_DENSE = 3  # edges into a box, and out of the box that they come from


# Forward -----------------------------------------------------------------------------------------------------


def forward_picture(reading: Reading, plan: Plan | None = None) -> Picture:
    """Show values, gradients as `backward` left them, and the local derivatives on the edges."""
    view = _View(reading, plan)

    def grad_of(i: int) -> Any:
        return plain_data(reading.nodes[i].grad)

    for part in view.parts:
        node, data, grad = reading.nodes[part.output], data_of(reading, part), grads_of(part, grad_of)
        lines = view.heading(part)
        if view.is_brief and number(data) is not None and part.members and reading.operands[part.output]:
            told = "-" if grad is None else short(number(grad) or 0.0, 2)
            lines.append(Line(f"{short(number(data) or 0.0, 2)}  grad {told}", small=True))
        else:
            if view.plan.depth == 2:
                lines += held_lines(reading, part, "", lambda i: reading.nodes[i]._data)
            lines += amounts("" if is_bare(node) else "data", data)
            if node.op is not fixed:
                lines += [Line("grad -")] if grad is None else amounts("grad", grad, brief=True)
        view.add(part, lines, number(data), has_nan(data) or has_nan(grad), grad)
    for joint, slope, flows in view.slopes():
        if slope is None:
            view.join(joint, flows=flows)
        else:
            view.join(joint, short(slope), slope, f"local derivative {slope!r}", flows)
    view.finish_edges()
    view.remark("on an edge: the local derivative", view.has_texts)
    view.remark("fill: the value, blue positive, orange negative", view.has_colours)
    view.remark("dashed: a negative derivative", any(edge.sign < 0 for edge in view.edges))
    view.remark(_SHAPES, view.edges)
    is_ready = any(reading.nodes[i].grad is not None for part in view.parts for i in part.outputs)
    view.remark("grad -: backward() has not run", not is_ready)
    return view.picture("Forward graph", _sentence(reading))


# Backward ----------------------------------------------------------------------------------------------------


def backward_picture(reading: Reading, plan: Plan | None = None) -> Picture:
    """Show the backward pass: adjoints, order, rules, and on each edge the product that is added."""
    view = _View(reading, plan)
    steps, adjoints = view.numbered(reading.steps, last_first=True), reading.adjoints
    told: list[tuple[Any, Rules]] = []
    has_sums = False
    for part in view.parts:
        node, adjoint = reading.nodes[part.output], grads_of(part, adjoints.get)
        lines = view.heading(part)
        rules: list[str] = []
        if node.op is fixed:
            lines += amounts("" if is_bare(node) else "data", node._data)
        elif adjoint is None:
            lines += [Line("grad 0")]
        else:
            lines += amounts("grad", adjoint, brief=view.is_brief)
            if sums := view.sums(part):
                has_sums = has_sums or not view.is_brief
                lines += [] if view.is_brief else [Line(sums[0], small=True)]
                rules = sums[1:]
            if len(part.members) == 1:
                words = reading.rules_of(part.output)
                rules += rule_texts(node, words)
                told += [] if view.is_brief else [(node, words)]
                lines += [] if view.is_brief else rule_lines(node, words)
            elif not view.is_brief:
                lines += held_lines(reading, part, "∂", adjoints.get)
        box = view.add(part, lines, None if adjoint is None else number(adjoint), has_nan(adjoint), adjoint)
        box.hint = "\n".join([box.hint, *rules])
        box.step = steps.get(id(part))
    for joint, slope, _ in view.slopes():
        _backward_edge(view, joint, slope)
    view.finish_edges()
    view.remark("small number: the order of execution", steps)
    view.remark("on an edge: gradient that arrives × local derivative", view.has_texts)
    view.remark("= a + b: several uses add up", has_sums)
    for remark in remarks_on(told):
        view.remark(remark)
    view.remark(_SHAPES, view.edges)
    view.remark("fill: the gradient, blue positive, orange negative", view.has_colours)
    return view.picture("Backward graph", _sentence_back(reading), is_backward=True)


def _backward_edge(view: _View, joint: Joint, slope: float | None) -> None:
    added = view.added(joint)
    if added is None:
        view.join(joint, flows=False)
        return
    arriving = grads_of(view.plan.parts[joint.result], view.reading.adjoints.get)
    single, sum_ = number(arriving), number(added)
    if single is None or sum_ is None or slope is None or view.plan.parts[joint.result].is_layer:
        view.join(joint, told=hint_of("adds", added))
        return
    view.join(joint, f"{short(single)} × {short(slope)}", sum_, f"adds {single!r} × {slope!r} = {sum_!r}")


def _sum_of(arrived: list[Any], longest: int = 3) -> str:
    parts = [number(x) for x in arrived]
    if any(part is None for part in parts):
        return f"= sum of {len(arrived)}"
    text = "= " + short(parts[0] or 0.0)
    for i, part in enumerate(parts[1:], start=2):
        if i > longest - (longest == 3 < len(parts)):
            return f"{text} + … ({len(parts)})"
        text += f" {'-' if (part or 0.0) < 0 else '+'} {short(abs(part or 0.0))}"
    return text


# What the views share ----------------------------------------------------------------------------------------


class _View:
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
        leaves = [x for x in operands.difference(part.holds, self.owner) if not self.reading.operands[x]]
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
        return [_sum_of(arrived), _sum_of(arrived, 8)] if len(arrived) > 1 else []

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


def _sentence(reading: Reading) -> str:
    root = reading.nodes[-1]
    made = sum(1 for operands in reading.operands if operands)
    leaves = [one_line(node.label) for node in reading.nodes if kind_of(node) == "leaf" and node.label]
    named = f", from {', '.join(leaves[:8])}{' and others' if len(leaves) > 8 else ''}" if leaves else ""
    return f"{name_of(reading)} is {value_text(root._data)}, computed in {made:,} operations{named}."


def _sentence_back(reading: Reading) -> str:
    parts = [
        f"{one_line(node.label)} {value_text(reading.adjoints[i])}"
        for i, node in enumerate(reading.nodes)
        if i in reading.adjoints and node.label and kind_of(node) == "leaf"
    ]
    given = f"; gradients: {', '.join(parts[:8])}{' and others' if len(parts) > 8 else ''}" if parts else ""
    return f"The backward pass from {name_of(reading)} in {len(reading.steps):,} steps{given}."
