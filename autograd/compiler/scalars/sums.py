"""Sums of products: chains of additions, subtractions and multiplications without other users are one node each."""

from __future__ import annotations

import numpy as np

from ..ir.rules import ABSORBING, NEUTRAL, SELF_INVERSE, is_neutral
from .dataflow import Dataflow, SequentialPass, Terms, dataflow_of
from .structure_of_arrays import CONSTANT, MINUS, NULL, ONE, StructureOfArrays, resolved

LINEAR = {"add": 1, "sub": 2, "neg": 3, "mul": 4}
"""The primitives that sums are made of."""

ALIKE = 32
"""Operations by other constants, from which on one by a neutral constant stays among them."""


def forward_pass(soa: StructureOfArrays, run_pass: SequentialPass) -> Dataflow:
    """Return the dataflow graph of the forward pass alone."""
    n = len(soa.code)
    note = simplify(soa)
    _, found = cse(soa, run_pass, n)
    kept = np.zeros(n, np.uint8)
    kept[soa.outputs] = 1
    elementwise, sums = fuse_multiply_add(soa, run_pass, kept)
    flow = dataflow_of(soa, elementwise, sums, soa.outputs, range(n, n), run_pass)
    flow.notes = [describe_sums(sums), f"{note}; common subexpressions: merged {found} nodes", *flow.notes]
    return flow


def describe_sums(sums: Terms) -> str:
    """Return a note on the sums that were found."""
    products = int(((sums.right != ONE) & (sums.right != MINUS)).sum())
    owners = np.count_nonzero(np.bincount(sums.owner))
    return f"sums of products: {products} products and {len(sums.owner) - products} other terms in {owners} sums"


def simplify(soa: StructureOfArrays) -> str:
    """Replace nodes by the operands that are equal to them by the local rules, and return a note.

    A part of a sum of products stays, and so does one of many operations by other constants: these are a matrix
    product or a loop, which a 1 or 0 among the data would break."""
    code, operands, data = soa.code, soa.operands, soa.data
    same = np.arange(len(code), dtype=np.int32)
    linear = np.isin(code, [soa.codes[name] for name in LINEAR])
    in_sum = np.zeros(len(code), bool)
    terms = operands[linear & (code != soa.codes["mul"])]
    in_sum[terms[terms >= 0]] = True
    for (name, place), constant in NEUTRAL.items():
        at = np.flatnonzero(code == soa.codes[name])
        at = at[code[operands[at, place]] == CONSTANT]
        x, equal = operands[at, 1 - place], is_neutral(data[operands[at, place]], constant)
        if np.count_nonzero(~equal) >= ALIKE:
            continue
        equal &= ~(linear[at] & in_sum[at]) & ~(linear[x] & (name in ("add", "sub")))
        same[at[equal]] = x[equal]
    for (name, place), (constant, result) in ABSORBING.items():
        at = np.flatnonzero(code == soa.codes[name])
        at = at[code[operands[at, place]] == CONSTANT]
        same[at[is_neutral(data[operands[at, place]], constant)]] = NULL if result == 0.0 else ONE
    for name in SELF_INVERSE:
        at = np.flatnonzero(code == soa.codes[name])
        twice = code[operands[at, 0]] == soa.codes[name]
        same[at[twice]] = operands[operands[at[twice], 0], 0]
    same = resolved(same)
    soa.substitute(same)
    return f"local rules: left out {np.count_nonzero(same != np.arange(len(code)))}"


def cse(soa: StructureOfArrays, run_pass: SequentialPass, first: int) -> tuple[np.ndarray, int]:
    """Compute once what is written twice, but for linear operations before `first`, of which sums are made.

    Gives for each node that which takes its place, and how many there were."""
    n, codes = len(soa.code), soa.codes
    kind = np.ones(256, np.uint8)
    kind[:4] = 0
    kind[[codes[name] for name in LINEAR]] = 2
    kind[codes["identity"]] = 3
    size = 1 << (2 * n).bit_length()
    same = np.empty(n, np.int32)
    run_pass("cse", code=soa.code, operands=soa.operands, same=same, kind=kind,
         table=np.full(size, -1, np.int32), n=n, first=first, size=size)  # fmt: skip
    soa.outputs = same[soa.outputs]
    identities = soa.code == codes["identity"]
    return same, int((same != np.arange(n))[~identities].sum())


def fuse_multiply_add(soa: StructureOfArrays, run_pass: SequentialPass, kept: np.ndarray) -> tuple[np.ndarray, Terms]:
    """Turn linear operations into sums of products; return the other operations, and the terms of the sums.

    A node of which `kept` is 1 has to be there; another, if a sum alone uses it, may become a part of that."""
    n, code, operands = len(soa.code), soa.code, soa.operands
    kind = np.zeros(256, np.uint8)
    kind[[soa.codes[name] for name in LINEAR]] = list(LINEAR.values())
    root, sign = np.empty(n, np.int32), np.empty(n, np.int8)
    run_pass("fuse_multiply_add", code=code, operands=operands, kind=kind, kept=kept, uses=np.zeros(n, np.int32),
         user=np.empty(n, np.int32), by=np.empty(n, np.int8), root=root, sign=sign, n=n)  # fmt: skip
    how = kind[code]
    alone = np.flatnonzero((root >= 0) & (how == 0) & (code > 3)).astype(np.int32)
    linear = np.flatnonzero((root >= 0) & (how > 0) & (how < 4))
    two = how[linear] != 3
    user = np.concatenate([linear, linear[two]])
    x = np.concatenate([operands[linear, 0], operands[linear[two], 1]])
    by = np.concatenate([np.where(two, 1, -1), np.where(how[linear[two]] == 2, -1, 1)]) * sign[user]
    place = np.concatenate([2 * np.arange(len(linear)), 2 * np.flatnonzero(two) + 1])
    order = np.argsort(place, kind="stable")
    user, x, by = user[order], x[order], by[order]
    inner = root[x] != x  # the operand is a part of the sum itself, or a product in it
    product = inner & (how[x] == 4)
    terms = Terms(
        root[user],
        np.where(product, operands[x, 0], x),
        np.where(product, operands[x, 1], np.where(by > 0, ONE, MINUS)),
    ).at(product | ~inner)
    nothing = np.zeros(n, bool)
    nothing[: len(soa.data)] = (soa.data == 0.0) & (code[: len(soa.data)] == CONSTANT)
    added = nothing[terms.left] & (terms.right < NULL)  # the 0 that Python's sum starts from
    others = np.bincount(terms.owner[~added], minlength=n)
    terms = terms.at(~added | (others[terms.owner] < 2))  # 0 + x is not x where x is -0
    single = np.flatnonzero((how == 4) & (root == np.arange(n)))
    return alone, terms + Terms(single, operands[single, 0], operands[single, 1])
