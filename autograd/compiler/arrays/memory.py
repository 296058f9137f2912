"""The memory plan: all values of a program share one arena, and later values reuse the memory of dead values."""

from __future__ import annotations

import bisect
import math
from collections.abc import Iterable, Sequence

ALIGNMENT = 64
"""Bytes: a line of cache, and the widest vector."""


def planned(sizes: list[int], calls: Sequence[Sequence[int]], kept: Iterable[int]) -> tuple[list[int], int]:
    """Return where each base lies in the arena, and the size of the arena, in bytes.

    Each base is placed first fit. Those in `kept` live for the whole run, others from their first to their last use.
    """
    rooms = [max(ALIGNMENT, -(-size // ALIGNMENT) * ALIGNMENT) for size in sizes]
    offsets: dict[int, int] = {}
    gaps: list[tuple[int, float]] = [(0, math.inf)]  # start and length, in order; the last has no end

    def take(base: int) -> None:
        if base not in offsets:
            i = next(i for i, (_, length) in enumerate(gaps) if length >= rooms[base])
            offsets[base], length = gaps[i]
            rest = (offsets[base] + rooms[base], length - rooms[base])
            gaps[i : i + 1] = [rest] if rest[1] else []

    def release(base: int) -> None:
        i = bisect.bisect(gaps, (offsets[base],))
        gaps.insert(i, (offsets[base], rooms[base]))
        for j in (i, i - 1):  # join it with the gap behind, and the one before
            if j >= 0 and sum(gaps[j]) == gaps[j + 1][0]:
                gaps[j : j + 2] = [(gaps[j][0], gaps[j][1] + gaps[j + 1][1])]

    for base in kept:
        take(base)
    last_use = {base: time for time, bases in enumerate(calls) for base in bases if base not in offsets}
    for time, bases in enumerate(calls):
        for base in bases:
            take(base)
        for base in set(bases):
            if last_use.get(base) == time:
                release(base)
    size = max((offset + rooms[base] for base, offset in offsets.items()), default=0)
    return [offsets.get(base, 0) for base in range(len(sizes))], size
