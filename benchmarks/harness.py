"""How a race is run: in turns, in one process, on the same numbers; times count once the results have been compared.

A sample is a run of so many steps that it takes some milliseconds. In each round every contender gives one sample
(slow ones only now and then), so that all see the same machine. Reported are the median and the quartiles of the time
of a step, and of the ratio to ours *of the same round*; both for time on the wall and for time of the processor, which
other processes disturb less (and in which a second thread counts). A control, a loop of plain Python that never
changes, runs in every round as well: its spread is that of the machine.
"""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = ["FULL", "GUARD", "PACES", "QUICK", "REHEARSAL", "Missing", "Pace", "Work", "race", "spread"]


@dataclass(frozen=True)
class Pace:
    """How much time a run takes for its figures.

    Attributes:
        share: of the seconds that a race has in a full run.
        least: samples of each contender at least, unless a race asks for fewer.
        sample: seconds that a sample takes at least, where the work can be repeated.
        largest: the number of nodes of the largest graph.
    """

    share: float
    least: int
    sample: float
    largest: int


FULL = Pace(1.0, 3, 4e-3, 10**7)
QUICK = Pace(0.06, 2, 2e-3, 10**5)
GUARD = Pace(0.25, 5, 4e-3, 10**5)
"""What a quick run does, but for so long that ratios can be compared with others."""
REHEARSAL = Pace(0.0, 1, 0.0, 10**3)
"""Everything once: do all contenders run, and agree? The times mean nothing."""
PACES = {"full": FULL, "quick": QUICK, "guard": GUARD, "rehearsal": REHEARSAL}


class Missing(ImportError):
    """A peer that is not on this machine."""


@dataclass
class Work:
    """What a contender does.

    Attributes:
        run: does so many steps.
        check: gives the arrays in which all contenders must agree.
        start: brings the contender back to where all begin; not timed.
        steps: how many steps a sample has; found by trying where it is None.
        timed: does so many steps, and gives the seconds on the wall and of the processor that they took, for a
            contender that runs elsewhere; `run` is timed where it is None.
        close: ends what the contender holds.
    """

    run: Callable[[int], Any]
    check: Callable[[], Sequence[Any]]
    start: Callable[[], Any] = field(default=lambda: None)
    steps: int | None = None
    timed: Callable[[int], tuple[float, float]] | None = None
    close: Callable[[], Any] = field(default=lambda: None)

    def sample(self) -> tuple[float, float]:
        """Give the seconds of a step, on the wall and of the processor."""
        assert self.steps is not None
        self.start()
        wall, cpu = (self.timed or self._timed)(self.steps)
        return wall / self.steps, cpu / self.steps

    def _timed(self, steps: int) -> tuple[float, float]:
        wall, cpu = time.perf_counter(), _cpu()
        self.run(steps)
        return time.perf_counter() - wall, _cpu() - cpu

    def calibrate(self, least: float) -> float:
        """Warm up, choose a number of steps that takes `least` seconds, and give the seconds of a sample."""
        fixed = self.steps is not None
        self.steps = self.steps or 1
        taken = self.sample()[0] * self.steps
        while not fixed and taken < least:
            self.steps = max(2 * self.steps, min(int(self.steps * least / taken), 100 * self.steps))
            taken = self.sample()[0] * self.steps
        return taken


def race(
    work: str,
    contenders: Mapping[str, Callable[[], Work]],
    *,
    pace: Pace,
    seconds: float = 10.0,
    least: int | None = None,
    unit: str = "step",
    parts: int = 1,
    family: str = "",
    size: int | None = None,
    targets: Mapping[str, float] | None = None,
    tolerance: float = 1e-9,
    collector: bool = True,
    tidy: bool = False,
    note: str = "",
    pause: float = 0.0,
) -> dict[str, Any]:
    """Run a race; the first contender is ours, and ratios are of times to its time.

    Args:
        work: what is done.
        contenders: for each name what makes the contender; it may raise ImportError where the peer is missing.
        pace: how much time there is.
        seconds: for all contenders, in a full run.
        least: samples of each contender at least, where that is not the pace's.
        unit: what the times are for.
        parts: how many such units a step has.
        family: what races that differ in size alone have in common: they share a table and a picture.
        size: of this one.
        targets: ratios that we want to reach at least.
        tolerance: how far the results may lie apart, relative to the largest number of an array.
        collector: whether the cycle collector is on.
        tidy: collect garbage before each sample, for a peer that leaves some; this also empties the caches.
        note: what a reader must know of this row.
        pause: seconds before each sample, in which the threads of the one before stop to wait on a core; then comes a
            sample that does not count, and wakes its own.

    Raises:
        AssertionError: the results differ, so that a ratio of times would mean nothing.
    """
    made, skipped = {}, {}
    for name, make in contenders.items():
        try:
            made[name] = make()
        except ImportError as error:
            skipped[name] = str(error)
    ours = next(iter(made))
    try:
        _agree(work, made, ours, tolerance)
        with _collector(collector):
            samples = {name: x.calibrate(pace.sample) for name, x in made.items()}
            found: dict[str, dict[int, tuple[float, float]]] = {name: {} for name in made}
            budget, least = pace.share * seconds, min(pace.least, least or pace.least)
            used, share, end = dict.fromkeys(made, 0.0), budget / len(made), time.perf_counter() + 2 * budget
            control: list[float] = []
            while len(control) < least or (
                min(used.values()) < share and len(control) < 400 and time.perf_counter() < end
            ):
                control.append(_control())
                for name, x in made.items():
                    if len(control) <= least or name == ours or used[name] + samples[name] / 2 < share:
                        if tidy:
                            gc.collect()
                        if pause:
                            time.sleep(pause)
                            x.sample()
                        found[name][len(control)] = x.sample()
                        used[name] += found[name][len(control)][0] * (x.steps or 1)
    finally:
        for x in made.values():
            x.close()
    times, ratios = {}, {}
    for name, by_turn in found.items():
        wall, cpu = zip(*by_turn.values(), strict=True)
        each = [[x / parts for x in kind] for kind in (wall, cpu)]
        times[name] = {"wall": spread(each[0]), "cpu": spread(each[1]), "samples": len(wall)}
        if name != ours:
            pairs = [(own, found[ours][turn]) for turn, own in by_turn.items()]
            ratios[name] = {
                kind: spread([theirs[i] / max(mine[i], 1e-12) for theirs, mine in pairs])
                for i, kind in enumerate(("wall", "cpu"))
            }
    return {
        "work": work, "unit": unit, "ours": ours, "times": times, "ratios": ratios, "targets": dict(targets or {}),
        "skipped": skipped, "control": spread(control), "note": note, "family": family, "size": size,
    }  # fmt: skip


def spread(numbers: Sequence[float]) -> dict[str, float]:
    """Give the median and the quartiles."""
    low, median, high = np.quantile(numbers, [0.25, 0.5, 0.75])
    return {"median": float(median), "low": float(low), "high": float(high)}


def _cpu() -> float:
    """Give the seconds of the processor that this process and the children that it has waited for have used."""
    children = os.times()
    return time.process_time() + children.children_user + children.children_system


@contextmanager
def _collector(on: bool) -> Iterator[None]:
    """Switch the cycle collector on or off."""
    was_on = gc.isenabled()
    gc.collect()
    (gc.enable if on else gc.disable)()
    try:
        yield
    finally:
        (gc.enable if was_on else gc.disable)()


def _control() -> float:
    start = time.perf_counter()
    for _ in range(20_000):
        pass
    return time.perf_counter() - start


def _agree(work: str, made: Mapping[str, Work], ours: str, tolerance: float) -> None:
    expected = [np.asarray(x, dtype=np.float64) for x in made[ours].check()]
    for name, contender in made.items():
        if name == ours:
            continue
        for a, b in zip(expected, contender.check(), strict=True):
            b = np.asarray(b, dtype=np.float64).reshape(a.shape)
            far = float(np.max(np.abs(a - b))) / max(float(np.max(np.abs(a))), 1e-12)
            if not far <= tolerance:
                raise AssertionError(f"{work}: {name} is {far:.2g} off from {ours}; times would mean nothing")
