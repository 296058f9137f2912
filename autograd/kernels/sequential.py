"""Passes over the nodes of a scalar graph, one node after the other, for what NumPy cannot do without a loop.

They run while a program is made, not in it. A node is a number; its operands have smaller ones. `code` holds the
primitive of each node, `operands` three numbers for each, -1 where there is none.
"""

from __future__ import annotations

import numpy as np

from .build import kernel, view


@kernel
def _reached(code, operands, differentiated, strict_zeros, state, n):
    """Find the nodes that a gradient comes to, and those where its zeros are exact.

    `differentiated` says for each primitive and operand whether its rule gives a cotangent, `strict_zeros` for each
    primitive whether zeros of these are exact. In `state` the root has 1; a node that is reached gets 1, and 2 more
    where zeros are exact."""
    op, xs = view(code, n, np.uint8), view(operands, 3 * n, np.int32)
    has_rule, strict = view(differentiated, 768, np.uint8), view(strict_zeros, 256, np.uint8)
    found = view(state, n, np.uint8)
    for i in range(n - 1, -1, -1):
        if found[i] == 0:
            continue
        marks = 3 if strict[op[i]] != 0 else found[i]
        for p in range(3):
            x = xs[3 * i + p]
            if x >= 0 and has_rule[3 * np.int64(op[i]) + p] != 0:
                found[x] |= marks
    return 0


@kernel
def _cse(code, operands, same, kind, table, n, first, size):
    """Find nodes that are written twice, the same primitive on the same operands; their users get the first.

    `kind` says of each primitive: 0 never merged, 1 merged, 2 merged from `first` on, 3 the same as its operand.
    `table` has room for `size` numbers, a power of 2, each -1."""
    op, xs, to = view(code, n, np.uint8), view(operands, 3 * n, np.int32), view(same, n, np.int32)
    kinds, places = view(kind, 256, np.uint8), view(table, size, np.int32)
    for i in range(n):
        to[i] = i
        for p in range(3):
            x = xs[3 * i + p]
            if x >= 0:
                xs[3 * i + p] = to[x]
        how = kinds[op[i]]
        if how == 3:
            to[i] = xs[3 * i]
            continue
        if how == 0 or (how == 2 and i < first):
            continue
        a, b, c = xs[3 * i], xs[3 * i + 1], xs[3 * i + 2]
        h = np.uint64(a) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(b + 1) * np.uint64(0xC2B2AE3D27D4EB4F)
        h = (h + np.uint64(c + 1) * np.uint64(0x165667B19E3779F9) + np.uint64(op[i])) * np.uint64(0xFF51AFD7ED558CCD)
        at = np.int64(h >> np.uint64(20)) & (size - 1)
        while places[at] >= 0:
            j = 3 * places[at]
            alike = xs[j] == a and xs[j + 1] == b and xs[j + 2] == c
            if alike and op[places[at]] == op[i]:
                break
            at = (at + 1) & (size - 1)
        if places[at] >= 0:
            to[i] = places[at]
        else:
            places[at] = i
    return 0


@kernel
def _fuse_multiply_add(code, operands, kind, kept, uses, user, by, root, sign, n):
    """Find what is live, and which sum each node belongs to whose only user is a sum.

    `kind` says of each primitive: 1 add, 2 sub, 3 neg, 4 mul, else 0; `kept` is 1 for a node that has to be there;
    `uses` are zeros. The root of a node that is not needed is -1; that of one that is no part of another is its own."""
    op, xs, kinds = view(code, n, np.uint8), view(operands, 3 * n, np.int32), view(kind, 256, np.uint8)
    stays, count, above = view(kept, n, np.uint8), view(uses, n, np.int32), view(user, n, np.int32)
    times, top, signs = view(by, n, np.int8), view(root, n, np.int32), view(sign, n, np.int8)
    for i in range(n - 1, -1, -1):
        top[i], signs[i] = i, 1
        if count[i] == 0 and stays[i] == 0:
            top[i] = -1
            continue
        how = kinds[op[i]]
        if count[i] == 1 and stays[i] == 0 and how != 0:
            c = above[i]
            if 1 <= kinds[op[c]] <= 3:
                s = signs[c] * times[i]
                if how <= 3 or s > 0:
                    top[i], signs[i] = top[c], s
        for p in range(3):
            x = xs[3 * i + p]
            if x >= 0:
                count[x] += 1
                above[x] = i
                times[x] = -1 if how == 3 or (how == 2 and p == 1) else 1
    return 0


@kernel
def _leveled(start, operands, outputs, level, stack, n, asked):
    """Set for each node that an output needs its level, one above that of its highest operand; others keep -1.

    Node i has the operands from start[i] on, in any order; `stack` has a place for each operand, and one more."""
    first, levels, roots = view(start, n + 1, np.int64), view(level, n, np.int32), view(outputs, asked, np.int32)
    xs, waiting = view(operands, first[n], np.int32), view(stack, first[n] + 1, np.int32)
    for root in roots:
        waiting[0] = root
        depth = 1
        while depth > 0:
            i = waiting[depth - 1]
            if levels[i] >= 0:
                depth -= 1
                continue
            top, before = -1, depth
            for at in range(first[i], first[i + 1]):
                top = max(top, levels[xs[at]])
                if levels[xs[at]] < 0:
                    waiting[depth] = xs[at]
                    depth += 1
            if depth == before:
                levels[i] = top + 1
                depth -= 1
    return 0


SEQUENTIAL = {"reached": _reached, "cse": _cse, "fuse_multiply_add": _fuse_multiply_add, "leveled": _leveled}
"""From the name of a pass to its kernel."""
