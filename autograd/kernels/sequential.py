"""Walks along the columns of a graph, one node after the other, for what NumPy cannot do without a loop.

They run while a program is made, not in it. A node is a number; its operands have smaller ones.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .build import VERSION, view

__all__ = ["SEQUENTIAL"]


def _reached(dtype: Any) -> Any:
    """Find the nodes that a gradient comes to, and those behind a mask.

    kernel, length, n, code, operands (3 n), hands (for each code and operand: 1 if it gets a part), masks (by code),
    state (of which the root has 1; 2 more behind a mask)."""
    version = VERSION

    def reached(instruction):
        version  # noqa: B018
        w = view(instruction, 8, np.int64)
        n = w[2]
        code, operands = view(w[3], n, np.uint8), view(w[4], 3 * n, np.int32)
        hands, masks, state = view(w[5], 768, np.uint8), view(w[6], 256, np.uint8), view(w[7], n, np.uint8)
        for i in range(n - 1, -1, -1):
            if state[i] == 0:
                continue
            handed = 3 if masks[code[i]] != 0 else state[i]
            for p in range(3):
                x = operands[3 * i + p]
                if x >= 0 and hands[3 * np.int64(code[i]) + p] != 0:
                    state[x] |= handed
        return 0

    return reached


def _merged(dtype: Any) -> Any:
    """Find nodes that are written twice: the same row on the same operands; and let their users use the first.

    kernel, length, n, code, operands (3 n), same (n), kind (by code: 0 never merged, 1 merged, 2 merged from
    `first` on, 3 the same as its operand), first, table (-1), size of the table (a power of 2)."""
    version = VERSION

    def merged(instruction):
        version  # noqa: B018
        w = view(instruction, 10, np.int64)
        n, first, size = w[2], w[7], w[9]
        code, operands, same = view(w[3], n, np.uint8), view(w[4], 3 * n, np.int32), view(w[5], n, np.int32)
        kind, table = view(w[6], 256, np.uint8), view(w[8], size, np.int32)
        for i in range(n):
            same[i] = i
            for p in range(3):
                x = operands[3 * i + p]
                if x >= 0:
                    operands[3 * i + p] = same[x]
            how = kind[code[i]]
            if how == 3:
                same[i] = operands[3 * i]
                continue
            if how == 0 or (how == 2 and i < first):
                continue
            a, b, c = operands[3 * i], operands[3 * i + 1], operands[3 * i + 2]
            h = np.uint64(a) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(b + 1) * np.uint64(0xC2B2AE3D27D4EB4F)
            h = (h + np.uint64(c + 1) * np.uint64(0x165667B19E3779F9) + np.uint64(code[i])) * np.uint64(
                0xFF51AFD7ED558CCD
            )
            at = np.int64(h >> np.uint64(20)) & (size - 1)
            while table[at] >= 0:
                j = 3 * table[at]
                alike = operands[j] == a and operands[j + 1] == b and operands[j + 2] == c
                if alike and code[table[at]] == code[i]:
                    break
                at = (at + 1) & (size - 1)
            if table[at] >= 0:
                same[i] = table[at]
            else:
                table[at] = i
        return 0

    return merged


def _summed(dtype: Any) -> Any:
    """Find what is live, and which sum each node belongs to whose only user is a sum.

    kernel, length, n, code, operands (3 n), kind (by code: 1 add, 2 sub, 3 neg, 4 mul, else 0), kept (n: 1 if it
    has to be there), uses (n, zeros), user (n), by (n), root (n), sign (n).
    The root of a node that nobody needs is -1; that of one that is no part of another is itself."""
    version = VERSION

    def summed(instruction):
        version  # noqa: B018
        w = view(instruction, 12, np.int64)
        n = w[2]
        code, operands, kind = view(w[3], n, np.uint8), view(w[4], 3 * n, np.int32), view(w[5], 256, np.uint8)
        kept, uses, user = view(w[6], n, np.uint8), view(w[7], n, np.int32), view(w[8], n, np.int32)
        by, root, sign = view(w[9], n, np.int8), view(w[10], n, np.int32), view(w[11], n, np.int8)
        for i in range(n - 1, -1, -1):
            root[i], sign[i] = i, 1
            if uses[i] == 0 and kept[i] == 0:
                root[i] = -1
                continue
            how = kind[code[i]]
            if uses[i] == 1 and kept[i] == 0 and how != 0:
                c = user[i]
                above = kind[code[c]]
                if 1 <= above <= 3:
                    s = sign[c] * by[i]
                    if how <= 3 or s > 0:
                        root[i], sign[i] = root[c], s
            for p in range(3):
                x = operands[3 * i + p]
                if x >= 0:
                    uses[x] += 1
                    user[x] = i
                    by[x] = -1 if how == 3 or (how == 2 and p == 1) else 1
        return 0

    return summed


def _leveled(dtype: Any) -> Any:
    """Give each node its level, one above that of its highest operand: kernel, length, n, start (n + 1), operands,
    level (n)."""
    version = VERSION

    def leveled(instruction):
        version  # noqa: B018
        w = view(instruction, 6, np.int64)
        n = w[2]
        start, level = view(w[3], n + 1, np.int64), view(w[5], n, np.int32)
        operands = view(w[4], start[n], np.int32)
        for i in range(n):
            top = -1
            for at in range(start[i], start[i + 1]):
                top = max(top, level[operands[at]])
            level[i] = top + 1
        return 0

    return leveled


def _live(dtype: Any) -> Any:
    """Mark what the marked nodes need: kernel, length, n, start (n + 1), operands, live (n, uint8)."""
    version = VERSION

    def live(instruction):
        version  # noqa: B018
        w = view(instruction, 6, np.int64)
        n = w[2]
        start, live = view(w[3], n + 1, np.int64), view(w[5], n, np.uint8)
        operands = view(w[4], start[n], np.int32)
        for i in range(n - 1, -1, -1):
            if live[i] != 0:
                for at in range(start[i], start[i + 1]):
                    live[operands[at]] = 1
        return 0

    return live


def _sorted(dtype: Any) -> Any:
    """Sort by a key, a small whole number, keeping the order of equals: kernel, length, n, keys, order,
    count (one more than there are keys, zeros)."""
    version = VERSION

    def sorted(instruction):
        version  # noqa: B018
        w = view(instruction, 7, np.int64)
        n, m = w[2], w[6]
        keys, order, count = view(w[3], n, np.int32), view(w[4], n, np.int64), view(w[5], m + 1, np.int64)
        for i in range(n):
            count[keys[i] + 1] += 1
        for k in range(m):
            count[k + 1] += count[k]
        for i in range(n):
            order[count[keys[i]]] = i
            count[keys[i]] += 1
        return 0

    return sorted


SEQUENTIAL = {
    "reached": _reached, "merged": _merged, "summed": _summed, "leveled": _leveled, "live": _live, "sorted": _sorted,
}
"""From the name of a walk to what makes it."""
