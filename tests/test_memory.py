"""The memory plan: what is in use at the same time never lies at the same place, and gaps are used again."""

import random

from autograd.compiler.arrays.memory import planned


def plan(sizes: list[int], calls: list[tuple[int, ...]], kept: tuple[int, ...] = ()) -> tuple[list[int], int]:
    """Plan calls, each given by what it writes and what it reads; offsets and sizes count lines of cache."""
    offsets, size = planned(sizes, calls, kept)
    assert all(offset % 64 == 0 for offset in [*offsets, size])
    return [x // 64 for x in offsets], size // 64


def test_rooms_are_whole_lines_of_cache() -> None:
    assert plan([0, 1, 64, 65, 128, 129], [], kept=(0, 1, 2, 3, 4, 5)) == ([0, 1, 2, 3, 5, 7], 10)
    assert plan([64, 200, 64], [], kept=(2, 0, 2)) == ([1, 0, 0], 2), "what nobody uses has no room of its own"


def test_a_value_gives_its_place_to_a_later_one() -> None:
    chain = [(1, 0), (2, 1), (3, 2), (4, 3)]
    assert plan([64] * 5, chain, kept=(0,)) == ([0, 1, 2, 1, 2], 3)
    assert plan([64] * 5, chain, kept=(0, 4)) == ([0, 2, 3, 2, 1], 4)
    assert plan([64] * 3, [(0,), (1,), (2, 0)], ()) == ([0, 1, 1], 2)


def test_the_first_gap_that_is_wide_enough_is_taken_and_split() -> None:
    wide = [(0,), (1,), (2, 0), (3,), (4, 3), (5, 4, 1, 2)]
    assert plan([128, 64, 64, 64, 64, 64], wide) == ([0, 2, 3, 0, 1, 0], 4)
    assert plan([64, 64, 192, 128, 64], [(0,), (1, 0), (2, 1), (3, 1), (4, 3, 2)]) == ([0, 1, 2, 5, 0], 7)


def test_the_last_gap_grows_and_neighbours_are_joined() -> None:
    assert plan([64, 64, 128], [(0,), (1,), (1, 1), (2,)]) == ([0, 0, 0], 2)
    assert plan([64, 64, 64, 192], [(0,), (1, 0), (2, 1, 0), (3,)]) == ([0, 1, 2, 0], 3)
    released = [(0,), (1,), (2,), (3,), (3, 1), (3, 0, 2), (4,), (3, 4)]
    assert plan([64] * 4 + [192], released) == ([0, 1, 2, 3, 0], 4), "a gap between two gaps joins them all"
    released = [*((i,) for i in range(9)), (8, 0), (8, 2), (8, 4), (8, 6), (8, 3), (9,), (9, 1, 5, 7, 8)]
    assert plan([64] * 9 + [192], released) == ([*range(9), 2], 9), "others lie before and behind"


def test_no_two_values_in_use_share_a_place() -> None:
    rng = random.Random(0)
    for _ in range(200):
        n = rng.randrange(2, 14)
        sizes = [rng.randrange(1, 400) for _ in range(n)]
        calls = [(i, *rng.sample(range(i), min(i, rng.randrange(4)))) for i in range(1, n)]
        kept = tuple(rng.sample(range(n), rng.randrange(3)))
        offsets, size = plan(sizes, calls, kept)
        rooms = [-(-x // 64) for x in sizes]
        assert sum(rooms) >= size
        spans = {}
        for base in range(n):
            times = [t for t, call in enumerate(calls) if base in call]
            if base in kept or times:
                spans[base] = (0, len(calls)) if base in kept else (times[0], times[-1])
                assert 0 <= offsets[base] <= size - rooms[base]
        for a, (first, last) in spans.items():
            for b, (begin, end) in spans.items():
                if a < b and first <= end and begin <= last:
                    apart = offsets[a] + rooms[a] <= offsets[b] or offsets[b] + rooms[b] <= offsets[a]
                    assert apart, (sizes, calls, kept)
