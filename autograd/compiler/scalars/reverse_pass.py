"""Reverse mode on a structure of arrays: the gradient of each node is a sum, over its uses, of products.

Each use of a node contributes a vjp term: the gradient of the user times its local derivative. So the backward pass
has the same kinds of operations as the forward pass: elementwise operations, from the rules, and sums of products. The
gradients are nodes after those of the forward pass.

An example worked by hand: e = (a + b) * (b + 1). With p for a + b and q for b + 1, the forward pass is three sums:

    p = a*1 + b*1        q = b*1 + 1*1        e = p*q

A term `x*y` of a sum `s` adds `∂s*y` to `∂x`, and `∂s*x` to `∂y`. So the terms give, from the root on:

    ∂e = 1               ∂p = ∂e*q            ∂q = ∂e*p
    ∂a = ∂p*1            ∂b = ∂p*1 + ∂q*1

A gradient that is one term times 1 needs no node of its own: ∂p is q, ∂q is p, and ∂a is ∂p, which is q. One sum is
left, ∂b = p + q, behind the three of the forward pass:

>>> from chalkgrad import Value, compile
>>> a, b = Value(2.0, label="a"), Value(1.0, label="b")
>>> p, q = a + b, b + 1
>>> p.label, q.label = "p", "q"
>>> print(compile(p * q))
a  = input
b  = input
p  = add(a, b)
q  = add(b, 1)
%8 = mul(p, q)
∂b = add(p, q)
result: %8
gradient of a: q
gradient of b: ∂b
# sums of products: 1 products and 4 other terms in 3 sums; 2 terms in gradients
# local rules: left out 0; common subexpressions: merged 0 nodes
# dead code: left out 0 nodes
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...primitives import TABLE
from ..ir.rules import NEUTRAL, is_neutral
from .dataflow import Dataflow, SequentialPass, Terms, dataflow_of
from .structure_of_arrays import CONSTANT, NULL, ONE, StructureOfArrays, resolved
from .sums import LINEAR, cse, describe_sums, fuse_multiply_add, simplify
from .vjp_rules import VjpRule, applied, vjp_rule

REACHED, STRICT = 1, 2
PART = 4
"""A gradient is summed in parts, by the sums that its terms come from, where a part has so many terms."""


@dataclass(slots=True)
class _Use:
    """Nodes of one primitive, of which an operand is differentiated by a rule; `factor` is what the rule gives, if it
    is a factor of their gradients; where it is `strict`, the zeros of the factor are exact too."""

    nodes: np.ndarray
    place: int
    rule: VjpRule
    strict: bool
    factor: np.ndarray | None = None


def reverse_pass(soa: StructureOfArrays, run_pass: SequentialPass) -> Dataflow:
    """Return the dataflow graph of the forward pass followed by the backward pass."""
    n = len(soa.code)  # the nodes of the forward pass come first
    note = simplify(soa)
    _, found = cse(soa, run_pass, n)
    state = _reached(soa, run_pass)
    uses = _uses(soa, state)
    same, of_rules = cse(soa, run_pass, n)
    for use in uses:
        if use.factor is not None:
            use.factor = same[use.factor]
    alone, sums = fuse_multiply_add(soa, run_pass, _kept(soa, uses))
    gradient = soa.add("sums", np.full(n, -1))
    parts = _parts(soa, np.r_[state, np.zeros(len(soa.code) - n, np.uint8)], sums, uses, gradient)
    written_last = np.arange(gradient[-1] + 1, len(soa.code))
    gradients, alias = _gradients(soa, parts, sums, gradient)
    every = sums + gradients
    every.left, every.right = alias[every.left], alias[every.right]
    soa.substitute(alias)
    outputs = np.concatenate([soa.outputs, alias[gradient[soa.first_leaf : soa.first]]])
    elementwise = np.concatenate([alone, written_last[soa.code[written_last] != CONSTANT]])
    flow = dataflow_of(soa, elementwise, every, outputs, range(gradient[0], gradient[0] + n), run_pass)
    flow.notes = [
        f"{describe_sums(sums)}; {len(gradients.owner)} terms in gradients",
        f"{note}; common subexpressions: merged {found + of_rules} nodes",
        *flow.notes,
    ]
    return flow


def _reached(soa: StructureOfArrays, run_pass: SequentialPass) -> np.ndarray:
    """Return which nodes a gradient reaches, and for which of these its zeros are exact."""
    state = np.zeros(len(soa.code), np.uint8)
    state[soa.outputs] = REACHED
    differentiated, strict_zeros = np.zeros((256, 3), np.uint8), np.zeros(256, np.uint8)
    for code in np.unique(soa.code).tolist():
        op = TABLE.get(soa.codes.names[code])
        if op is not None:
            differentiated[code, : op.arity] = [vjp_rule(op, i) is not None for i in range(op.arity or 0)]
            strict_zeros[code] = op.strict_zeros
    run_pass("reached", code=soa.code, operands=soa.operands, differentiated=differentiated, strict_zeros=strict_zeros,
             state=state, n=len(state))  # fmt: skip
    return state


def _uses(soa: StructureOfArrays, state: np.ndarray) -> list[_Use]:
    """Add the nodes of the derivative rules of all operations that are not linear."""
    linear = [soa.codes[name] for name in LINEAR]
    uses = []
    code, operands = soa.code[: len(state)], soa.operands[: len(state)]
    for each in np.unique(code).tolist():
        if each < 4 or each in linear:
            continue
        op = TABLE[soa.codes.names[each]]
        for strict in (False, True):
            nodes = np.flatnonzero((code == each) & (state == (REACHED | STRICT if strict else REACHED)))
            for place in range(op.arity or 0):
                rule = vjp_rule(op, place, not strict)
                moved = nodes[code[operands[nodes, place]] != CONSTANT]
                if rule is not None and len(moved):
                    factor = None if rule.whole else applied(soa, rule, moved)
                    uses.append(_Use(moved, place, rule, op.strict_zeros and op.elementwise, factor))
    return uses


def _kept(soa: StructureOfArrays, uses: list[_Use]) -> np.ndarray:
    """Return which nodes the backward pass reads, besides elementwise operations and their operands."""
    kept = np.zeros(len(soa.code), np.uint8)
    kept[soa.outputs] = 1
    for use in uses:
        if use.factor is not None:
            kept[use.factor] = 1
    return kept


def _parts(
    soa: StructureOfArrays, state: np.ndarray, sums: Terms, uses: list[_Use], gradient: np.ndarray
) -> list[np.ndarray]:
    """Return the vjp terms: for each the node, the user that adds it, and two factors."""
    found: list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]] = []
    finite = np.zeros(len(soa.code), bool)  # factors that make nothing of 0
    finite[: len(soa.data)] = np.isfinite(soa.data) & (soa.code[: len(soa.data)] == CONSTANT)

    def add(target: np.ndarray, user: np.ndarray, factor: np.ndarray, strict: bool = False) -> None:
        open_ = soa.code[target] != CONSTANT
        target, user, factor = target[open_], user[open_], factor[open_]
        behind = np.flatnonzero((~finite[factor] & (state[user] & STRICT != 0)) | strict)
        left = gradient[user]
        if len(behind):
            partial = factor[behind]
            product = soa.add("strict_zero_mul", left[behind], partial)
            left[behind] = soa.add("where", partial, product, np.full_like(partial, NULL)) if strict else product
            factor[behind] = ONE
        found.append((target, user, left, factor))

    forward = sums.at(state[sums.owner] != 0)
    add(forward.left, forward.owner, forward.right)
    add(forward.right, forward.owner, forward.left)
    for use in uses:
        target = soa.operands[use.nodes, use.place]
        if use.factor is not None:
            add(target, use.nodes, use.factor, use.strict)
            continue
        left = applied(soa, use.rule, use.nodes, gradient[use.nodes])
        found.append((target, use.nodes, left, np.full(len(left), ONE)))
    return [np.concatenate(column) for column in zip(*found, strict=True)]


def _gradients(
    soa: StructureOfArrays, parts: list[np.ndarray], sums: Terms, gradient: np.ndarray
) -> tuple[Terms, np.ndarray]:
    """Add the parts up; gives the terms, and for each node that to which it is equal without a sum, or itself."""
    kind = np.bincount(sums.owner[sums.owner < len(gradient)], minlength=len(gradient))
    order = np.lexsort((-parts[1], kind[parts[1]], parts[0]))  # sums with as many terms are taken together
    target, user, left, right = (x[order] for x in parts)
    new = np.r_[True, target[1:] != target[:-1]][: len(target)]
    left, right, alias, lone = _aliases(soa, gradient, target, left, right, np.flatnonzero(new))
    new_part = new | np.r_[True, kind[user[1:]] != kind[user[:-1]]][: len(target)]
    begin = np.flatnonzero(new_part)
    size = np.diff(np.r_[begin, len(target)])
    whole = new[begin] & np.r_[new[begin][1:], True]  # the only part of its gradient
    split = (size >= PART) & ~whole & (kind[user[begin]] > 0)
    owner = gradient[target]
    names = soa.add("sums", np.full(int(split.sum()), -1))
    owner[np.repeat(split, size)] = np.repeat(names, size[split])
    terms = Terms(owner, left, right)
    total = Terms(gradient[target[begin[split]]], names, np.full(len(names), ONE))
    keep = np.ones(len(owner), bool)
    keep[lone] = False
    return terms.at(keep) + total, np.r_[alias, names]


def _aliases(
    soa: StructureOfArrays,
    gradient: np.ndarray,
    target: np.ndarray,
    left: np.ndarray,
    right: np.ndarray,
    first: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Find the gradients that need no sum: 0, 1, or one term times 1; the terms of a gradient begin at `first`.

    Returns:
        The factors, where 1 is the right one; what each node is equal to, itself if nothing else; and the terms that
        say so."""
    alias = np.arange(len(soa.code), dtype=np.int32)
    alias[gradient[np.bincount(target, minlength=len(gradient)) == 0]] = NULL
    alias[gradient[soa.outputs]] = ONE  # the gradient of the root
    single = first[np.diff(np.r_[first, len(target)]) == 1]
    before = np.empty(0, int)
    while not np.array_equal(before, alias):
        before = alias
        seed = (alias[left] == ONE) & (right != ONE)
        left, right = np.where(seed, right, left), np.where(seed, ONE, right)
        factor = right[single]
        data = soa.data[np.minimum(factor, len(soa.data) - 1)]
        lone = single[(soa.code[factor] == CONSTANT) & is_neutral(data, NEUTRAL["mul", 1])]
        alias = alias.copy()
        alias[gradient[target[lone]]] = left[lone]
        alias = resolved(alias)  # what a gradient is equal to may be a gradient
    return left, right, alias, lone
