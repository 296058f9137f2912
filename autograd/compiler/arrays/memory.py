"""The memory plan: one arena for all that a program computes, in which dead values give their place to later ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

ALIGNMENT = 64
"""Bytes: a line of cache, and the widest vector."""


@dataclass(slots=True)
class Plan:
    """Where each base lies in the arena (bytes), and what the plan took and would have taken without reuse."""

    offsets: list[int]
    size: int
    size_without_reuse: int


def planned(sizes: list[int], calls: Sequence[Sequence[int]], kept: Iterable[int]) -> Plan:
    """Place every base, first fit: those `kept` for the whole run, the others from the first to the last of the calls
    that use them."""
    rooms = [max(ALIGNMENT, -(-size // ALIGNMENT) * ALIGNMENT) for size in sizes]
    offsets = [-1] * len(sizes)
    end = 0
    for base in dict.fromkeys(kept):
        offsets[base] = end
        end += rooms[base]
    last_use = [-1] * len(sizes)
    for time, bases in enumerate(calls):
        for base in bases:
            last_use[base] = time
    ends: list[list[int]] = [[] for _ in calls]
    for base, time in enumerate(last_use):
        if time >= 0 and offsets[base] < 0:
            ends[time].append(base)
    free: list[tuple[int, int]] = []  # start and length of the gaps, in order
    for time, bases in enumerate(calls):
        for base in bases:
            if offsets[base] < 0:
                offsets[base], end = _taken(free, rooms[base], end)
        for base in ends[time]:
            _released(free, offsets[base], rooms[base])
    return Plan([max(0, offset) for offset in offsets], end, sum(rooms))


def _taken(free: list[tuple[int, int]], room: int, end: int) -> tuple[int, int]:
    for i, (start, length) in enumerate(free):
        if length >= room:
            if length == room:
                del free[i]
            else:
                free[i] = (start + room, length - room)
            return start, end
    if free and sum(free[-1]) == end:  # the last gap reaches the end: let it grow
        start, _ = free.pop()
        return start, start + room
    return end, end + room


def _released(free: list[tuple[int, int]], start: int, room: int) -> None:
    i = len(free)
    while i and free[i - 1][0] > start:
        i -= 1
    free.insert(i, (start, room))
    if i + 1 < len(free) and start + room == free[i + 1][0]:
        free[i] = (start, room + free.pop(i + 1)[1])
    if i and sum(free[i - 1]) == free[i][0]:
        free[i - 1] = (free[i - 1][0], free[i - 1][1] + free.pop(i)[1])
