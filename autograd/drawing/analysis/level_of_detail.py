"""The level of detail of a drawing: the part that fits a page, or that `depth`, `expand` and `focus` choose."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Set
from dataclasses import replace
from typing import Any

from ...checks import count, items
from ...graph import Node
from .batch import Sample, all_samples, one_sample
from .formula import several
from .grouping import GroupFinder
from .groups import DEEPEST, Group, Grouping, connections
from .snapshot import Snapshot

_MOST = {"boxes": {3: 30, 2: 40, 1: 80, 0: 80}, "textbook": {3: 12, 2: 0, 1: 16, 0: 80}}
"""How many boxes one reads with ease, at each depth; in the textbook style, on a slide."""

_BRIEF = 24
_TOO_MANY = 1000  # values, of which no picture shows each


def choose_groups(
    snapshot: Snapshot,
    depth: int | None = None,
    expand: Any = (),
    focus: Any = None,
    radius: int | None = None,
    style: str = "boxes",
) -> Grouping:
    """Return the groups of a graph that are shown. The arguments are those of `draw`."""
    most = _MOST[style]
    expand = [expand] if isinstance(expand, (str, Node)) else items(expand, "expand")
    if depth is not None and (type(depth) is not int or depth not in range(DEEPEST + 1)):
        raise ValueError(
            f"`depth` is 0 (layers as boxes), 1 (neurons), 2 (sums of products), 3 (every value) or None, not {depth!r}"
        )
    steps = 2 if radius is None else count(radius, "radius", 0)
    if radius is not None and focus is None:
        raise ValueError("`radius` counts steps from a node: give `focus` as well")
    inside = {snapshot.place.get(x, -1) for x in expand if isinstance(x, Node)}
    names = [x for x in expand if not isinstance(x, Node)]
    is_name = isinstance(focus, str) and focus != ""
    near = {i for i, node in enumerate(snapshot.nodes) if node is focus or (is_name and node.label == focus)}
    everything = "all" in names or (len(snapshot.nodes) <= most[DEEPEST] and depth is None)
    sample = all_samples(snapshot) if everything or "batch" in names else one_sample(snapshot, inside | near)
    finder = GroupFinder(snapshot, sample)
    near = {i for group in finder.all if is_name and group.name == focus for i in group.members} or near
    if focus is not None and not near:
        raise ValueError(f"`focus` is {focus!r:.60}, and not a node of this picture, its label, or the name of a part")
    known = [*(group.name for group in finder.all), "all", "batch"]
    for name in [x for x in expand if x not in (snapshot.place if isinstance(x, Node) else known)]:
        shown = ", ".join(map(repr, known[:6])) + (", …" if len(known) > 6 else "")
        raise ValueError(f"`expand` names {name!r:.60}, and this picture has no such part: there are {shown}")
    names += ["all"] * (depth == DEEPEST)
    chosen = DEEPEST if everything else depth

    def divided(depth: int, opened: Set[str] = frozenset(), inside: Set[int] = frozenset()) -> Grouping:
        made = Grouping(finder.groups(depth, opened, inside), depth=depth)
        return _cut_out(snapshot, made, near, steps=steps) if near else made

    deepest = DEEPEST if near or len(finder.shown) <= _TOO_MANY else DEEPEST - 1
    for fitting in range(deepest, -1, -1) if chosen is None else [chosen]:
        made = divided(fitting)
        if len(made.groups) <= most[fitting]:
            break
    if names or inside:
        made = divided(made.depth, {*names}, inside)
    elif chosen is None and len(made.groups) > most[made.depth]:
        made = _cut_out(snapshot, made, {*snapshot.roots}, most=most[made.depth] * 2 // 3, is_upward=False)
    made.typical = {group.place: group for group in reversed(finder.all)}
    made.opened = finder.opened
    made.is_brief = len(made.groups) > _BRIEF
    made.remarks = [*_remarks(snapshot, made, sample), *made.remarks]
    return made


def _remarks(snapshot: Snapshot, made: Grouping, sample: Sample) -> list[str]:
    """Return remarks that say which groups are closed, and how to open them."""
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


def _cut_out(
    snapshot: Snapshot, made: Grouping, near: set[int], steps: int = -1, most: float = math.inf, is_upward: bool = True
) -> Grouping:
    """Keep the groups within some edges of nodes, nearest first. Stub boxes show where groups were omitted."""
    below: dict[int, set[int]] = defaultdict(set)
    above: dict[int, set[int]] = defaultdict(set)
    for edge in connections(snapshot, made.groups):
        below[edge.result].add(edge.operand)
        above[edge.operand].add(edge.result)
    border = [k for k, group in enumerate(made.groups) if not near.isdisjoint([*group.members, *group.holds])]
    kept = set(border)
    while border and steps:
        beside = [x for k in border for x in sorted(below[k] | above[k] if is_upward else below[k])]
        border = [x for x in dict.fromkeys(beside) if x not in kept]
        border = border[: int(min(most - len(kept), len(border)))]
        kept.update(border)
        steps -= 1
    groups: list[Group] = []
    for k in sorted(kept):
        group = made.groups[k]
        operands, uses = len(below[k] - kept), len(above[k] - kept)
        before = [Group([], [], stub=f"… {several(operands, 'operand')}", beside=(group, True))] if operands else []
        behind = [Group([], [], stub=f"… {several(uses, 'use')}", beside=(group, False))] if uses else []
        groups += [*before, group, *behind]
    missing = len(made.groups) - len(kept)
    remarks = [f"{missing:,} boxes are left out: focus on a node, or draw one on the way"] if missing else []
    return replace(made, groups=groups, remarks=remarks)
