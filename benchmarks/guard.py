"""The guard: which ratios to peers are clearly worse than in the committed results."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .report import digits, pairs

__all__ = ["TOLERANCE", "regressions"]

TOLERANCE = 0.25
"""What a ratio may lose by chance alone on a shared machine; more where the quartiles lie farther apart."""
MOST = 0.5
"""What it may lose at most: a ratio that has halved is told, however far the quartiles lie apart."""
FEW = 5
"""Samples of which the quartiles say little: then it may lose the most."""


def regressions(before: dict[str, Any], now: dict[str, Any]) -> dict[tuple[str, str, str], str]:
    """Say which ratios to peers have become clearly worse, on the wall and in CPU time: by group, work and peer.

    >>> def kept(ratio):
    ...     spread = {"median": ratio, "low": ratio * 0.9, "high": ratio * 1.1}
    ...     ratios, times = {"peer": {"wall": spread, "cpu": spread}}, {"peer": {"samples": 9}}
    ...     result = {"work": "w", "targets": {}, "ratios": ratios, "times": times}
    ...     return {"groups": {"g": {"results": [result]}}}
    >>> regressions(kept(4.0), kept(3.5)), regressions(kept(4.0), kept(1.9))
    ({}, {('g', 'w', 'peer'): 'w, against peer: 1.90 where it was 4.00'})
    """
    known = {(work, peer): ratio for group in before["groups"].values() for work, peer, ratio in _ratios(group)}
    out = {}
    for name, group in now["groups"].items():
        for work, peer, ratio in _ratios(group):
            old = known.get((work, peer))
            if old is not None and all(_worse(old, ratio, kind) for kind in ("wall", "cpu")):
                medians = (x["wall"]["median"] for x in (ratio, old))
                new, was = map(digits, medians)
                out[name, work, peer] = f"{work}, against {peer}: {new} where it was {was}"
    return out


def _ratios(group: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Go through the ratios of a group, each with the number of its samples."""
    samples = {(x["work"], peer): t["samples"] for x in group["results"] for peer, t in x.get("times", {}).items()}
    for work, peer, ratio in pairs(group["results"]):
        yield work, peer, ratio | {"samples": samples[work, peer]}


def _worse(old: dict[str, Any], new: dict[str, Any], kind: str) -> bool:
    spread = max((x[kind]["high"] - x[kind]["low"]) / x[kind]["median"] for x in (old, new))
    few = min(old["samples"], new["samples"]) < FEW
    return new[kind]["median"] < old[kind]["median"] * (1 - (MOST if few else max(TOLERANCE, min(spread, MOST))))
