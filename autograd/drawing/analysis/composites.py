"""Find named compositions of primitives, such as softmax, by their structure. Each becomes one box."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np

from ...graph import Node, constant, new_variable
from ...primitives.composites import log_softmax, softmax, std, var
from ...primitives.layout import swapaxes, transpose
from ...primitives.reductions import matmul
from .formula import cut, one_line
from .snapshot import Snapshot


def _attention(turned: Callable[[Any], Any], scaled: Callable[[Any], Any]) -> Callable[..., Any]:
    return lambda q, k, v: matmul(softmax(scaled(matmul(q, turned(k)))), v)


@cache
def _patterns() -> list[tuple[str, Node]]:
    """Return the graphs to compare with. Larger ones come before those that they contain."""
    functions: list[tuple[str, Callable[..., Any], int]] = [
        ("attention", _attention(turned, scaled), 3)
        for turned in (lambda x: swapaxes(x, axis1=-1, axis2=-2), transpose)
        for scaled in (lambda x: x / 2.0, lambda x: x * 2.0, lambda x: x)
    ]
    functions += [("softmax", softmax, 1), ("log_softmax", log_softmax, 1), ("var", var, 1), ("std", std, 1)]
    return [(name, f(*(new_variable(np.ones((2, 2))) for _ in range(count)))) for name, f, count in functions]


def _match(pattern: Node, node: Node, found: dict[Node, Node]) -> bool:
    """Return whether a graph matches a pattern. Record which nodes correspond."""
    if pattern in found:
        return found[pattern] is node
    found[pattern] = node
    if not pattern.inputs:
        return pattern.op is not constant or node.op is constant
    same = node.op is pattern.op and len(node.inputs) == len(pattern.inputs)
    return same and all(_match(p, x, found) for p, x in zip(pattern.inputs, node.inputs, strict=True))


def _scopes(snapshot: Snapshot) -> Iterator[tuple[str, list[int], list[int]]]:
    """Yield the calls of another library's operations on arrays: formula, operations, and their own parameters."""
    nodes, users, operands = snapshot.nodes, snapshot.users, snapshot.operands
    calls: dict[str, list[int]] = {}
    for i, node in enumerate(nodes):
        if node.inputs and node._data.__class__ is not float and (scope := node._note("scope")):
            calls.setdefault(scope, []).append(i)
    for scope, members in calls.items():
        inside = set(members)
        leave = [i for i in members if i in snapshot.roots or not inside.issuperset(users[i])]
        if len(members) > 1 and leave == members[-1:]:
            given = dict.fromkeys(x for i in members for x in operands[i] if x not in inside)
            module = scope.partition(":")[0] + "."
            own = [x for x in given if nodes[x].label.startswith(module) and inside.issuperset(users[x])]
            inputs = [nodes[x] for x in given if x not in own and (nodes[x].op is not constant or nodes[x].label)]
            yield _formula(re.sub(r"_\d+$", "", scope), inputs), members, own


def _formula(name: str, inputs: list[Node]) -> str:
    return f"{name}({', '.join(cut(one_line(x.label), 12) or '…' for x in inputs)})"


def composites_of(snapshot: Snapshot) -> list[tuple[str, list[int], list[int]]]:
    """Return the formula, operations and parameters of each composition whose inner nodes have no other use."""
    made = list(_scopes(snapshot))
    taken = {i for _, members, _ in made for i in members}
    ops = {pattern.op for _, pattern in _patterns()}
    places = [i for i, node in enumerate(snapshot.nodes) if node.op in ops]
    for name, pattern in _patterns():
        for i in places:
            found: dict[Node, Node] = {}
            if i in taken or not _match(pattern, snapshot.nodes[i], found):
                continue
            members = sorted({snapshot.place[x] for p, x in found.items() if p.inputs})
            inner = [x for x in members if x != i]
            hidden = all(not snapshot.nodes[x].label and set(snapshot.users[x]) <= set(members) for x in inner)
            if hidden and taken.isdisjoint(members) and set(snapshot.roots).isdisjoint(inner):
                taken.update(members)
                inputs = [x for p, x in found.items() if not p.inputs and x.op is not constant]
                made.append((_formula(name, inputs), members, []))
    return made
