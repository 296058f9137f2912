"""How much of a graph is shown: what fits a page by itself, or what was asked for."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from ...checks import items
from ...graph import Node
from .batch import all_samples, one_sample
from .grouping import GroupFinder
from .groups import DEEPEST, Connection, Group, Grouping, connections
from .snapshot import Snapshot

_MOST = {"boxes": {3: 30, 2: 40, 1: 80, 0: 80}, "textbook": {3: 12, 2: 0, 1: 16, 0: 80}}
"""How many boxes one reads with ease, at each depth; in the textbook style, on a slide."""

_BRIEF = 24
_TOO_MANY = 1000  # values, of which no picture shows each

Names = Iterable[Any]


def choose_groups(
    snapshot: Snapshot,
    depth: int | None = None,
    expand: Any = (),
    focus: Any = None,
    radius: int | None = None,
    style: str = "boxes",
) -> Grouping:
    """Divide a graph into groups; see `draw` for what is asked for."""
    most = _MOST[style]
    expand = [expand] if isinstance(expand, (str, Node)) else items(expand, "expand")
    whole = isinstance(depth, int) and not isinstance(depth, bool)
    if depth is not None and not (whole and depth in range(DEEPEST + 1)):
        raise ValueError(
            f"`depth` is 0 (layers as boxes), 1 (neurons), 2 (sums of products), 3 (every value) or None, not {depth!r}"
        )
    if radius is not None and (isinstance(radius, bool) or not isinstance(radius, int) or radius < 0):
        raise ValueError(f"`radius` is a whole number of steps from 0, not {radius!r}")
    if radius is not None and focus is None:
        raise ValueError("`radius` counts steps from a node: give `focus` as well")
    inside = {_place(snapshot, x, "expand") for x in expand if isinstance(x, Node)}
    asked = {x for x in expand if isinstance(x, str)}
    near = inside | ({_place(snapshot, focus, "focus")} if isinstance(focus, Node) else set())
    everything = "all" in asked or (len(snapshot.nodes) <= most[DEEPEST] and depth is None)
    sample = all_samples(snapshot) if everything or "batch" in asked else one_sample(snapshot, near)
    finder = GroupFinder(snapshot, sample)
    nodes = _focus(snapshot, finder, focus)
    asked |= {"all"} if depth == DEEPEST else set()
    known = [*(group.name for group in finder.all), "all", "batch"]
    for name in asked:
        if name not in known:
            shown = ", ".join(map(repr, known[:6])) + (", …" if len(known) > 6 else "")
            raise ValueError(f"`expand` names {name!r:.60}, and this picture has no such part: there are {shown}")
    if everything:
        depth = DEEPEST
    found = depth
    if found is None:
        found, made = _fitting(snapshot, finder, nodes, radius, most)
        if not asked and not inside and len(made.groups) > most[found]:
            made = _near_the_end(snapshot, made, most[found])
    if depth is not None or asked or inside:
        made = _around(snapshot, Grouping(finder.groups(found, asked, inside), depth=found), nodes, radius)
    made.typical = {group.place: group for group in reversed(finder.all)}
    made.opened = finder.opened
    made.is_brief = len(made.groups) > _BRIEF
    made.remarks = [*_told(snapshot, made, sample), *made.remarks]
    return made


def _fitting(
    snapshot: Snapshot, finder: GroupFinder, near: set[int] | None, radius: int | None, most: dict[int, int]
) -> tuple[int, Grouping]:
    """Find the depth at which there are few enough boxes."""
    for depth in range(DEEPEST, -1, -1):
        if depth == DEEPEST and near is None and len(finder.shown) > _TOO_MANY:
            continue
        made = _around(snapshot, Grouping(finder.groups(depth, set(), set()), depth=depth), near, radius)
        if len(made.groups) <= most[depth]:
            break
    return depth, made


def _place(snapshot: Snapshot, node: Node, name: str) -> int:
    if node not in snapshot.place:
        raise ValueError(f"`{name}` is {node!r:.60}, which the node that is drawn does not depend on")
    return snapshot.place[node]


def _told(snapshot: Snapshot, made: Grouping, sample: Any) -> list[str]:
    """Return remarks on what was folded, and how to open it."""
    remarks = []
    boxes = [group for group in made.groups if group.beside is None]
    left_out = len(snapshot.nodes) - len(sample.shown)
    if left_out:
        kept = max(sample.kept.values())
        all_ = kept + max(sample.hidden.values())
        remarks.append(f"{kept} of {all_} samples {'is' if kept == 1 else 'are'} shown")
    folded = [group for group in boxes if group.name]
    if folded or left_out:
        remarks.append(f"{len(snapshot.nodes):,} values in {len(boxes)} boxes")
        doors = ([repr(folded[0].name)] if folded else []) + (["'batch'"] if left_out else []) + ["'all'"]
        deeper = f", or depth={made.depth + 1}" if made.depth < DEEPEST else ""
        remarks.append(f"to open: expand={', '.join(doors)}{deeper}")
    return remarks


# Cutting -----------------------------------------------------------------------------------------------------


def _around(snapshot: Snapshot, made: Grouping, near: set[int] | None, radius: int | None) -> Grouping:
    """Keep what lies within some steps of nodes."""
    if near is None:
        return made
    edges = connections(snapshot, made.groups)
    beside: dict[int, set[int]] = {}
    for edge in edges:
        beside.setdefault(edge.operand, set()).add(edge.result)
        beside.setdefault(edge.result, set()).add(edge.operand)
    start = [k for k, group in enumerate(made.groups) if not near.isdisjoint([*group.members, *group.holds])]
    return _cut(made, edges, _reached(start, beside, steps=2 if radius is None else radius))


def _reached(start: list[int], beside: dict[int, set[int]], steps: int = -1, most: float = math.inf) -> set[int]:
    """Return what lies within some steps, the nearest first if there is more than enough."""
    kept, border = set(start), start
    while border and steps:
        border = [x for x in dict.fromkeys(x for i in border for x in sorted(beside.get(i, ()))) if x not in kept]
        border = border[: int(min(most - len(kept), len(border)))]
        kept |= set(border)
        steps -= 1
    return kept


def _focus(snapshot: Snapshot, finder: GroupFinder, focus: Any) -> set[int] | None:
    """Find the nodes that are meant by a node, a label or the name of a group."""
    if focus is None:
        return None
    if isinstance(focus, Node):
        return {_place(snapshot, focus, "focus")}
    if not isinstance(focus, str):
        raise TypeError(f"`focus` is a node, a label or the name of a part, not {type(focus).__name__} ({focus!r:.40})")
    found = {i for group in finder.all if group.name == focus for i in group.members}
    found = found or {i for i in finder.shown if focus and snapshot.nodes[i].label == focus}
    if not found:
        raise ValueError(f"`focus` is {focus!r:.60}, and no node or part of this picture has that name")
    return found


def _near_the_end(snapshot: Snapshot, made: Grouping, most: int) -> Grouping:
    """Keep what lies nearest to the results."""
    edges, roots = connections(snapshot, made.groups), set(snapshot.roots)
    below: dict[int, set[int]] = {}
    for edge in edges:
        below.setdefault(edge.result, set()).add(edge.operand)
    start = [k for k, group in enumerate(made.groups) if not roots.isdisjoint(group.outputs)]
    return _cut(made, edges, _reached(start, below, most=most * 2 // 3))


def _cut(made: Grouping, edges: list[Connection], kept: set[int]) -> Grouping:
    """Leave out all groups but some; boxes of their own say where something was left out."""
    operands: dict[int, set[int]] = {}
    users: dict[int, set[int]] = {}
    for edge in edges:
        if edge.result in kept and edge.operand not in kept:
            operands.setdefault(edge.result, set()).add(edge.operand)
        if edge.operand in kept and edge.result not in kept:
            users.setdefault(edge.operand, set()).add(edge.result)
    groups: list[Group] = []
    for k, group in enumerate(made.groups):
        if k not in kept:
            continue
        if k in operands:
            groups.append(Group([], [], stub=_counted(len(operands[k]), "operand"), beside=(group, True)))
        groups.append(group)
        if k in users:
            groups.append(Group([], [], stub=_counted(len(users[k]), "use"), beside=(group, False)))
    missing = len(made.groups) - len(kept)
    remarks = [f"{missing:,} boxes are left out: focus on a node, or draw one on the way"] if missing else []
    return Grouping(groups, remarks, made.depth)


def _counted(n: int, what: str) -> str:
    return f"… {n} {what}{'s' if n > 1 else ''}"
