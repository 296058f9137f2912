"""The summary in README.md: between two marks, made of the committed results alone, so that no number can go stale."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .report import PART, Result, amount, digits, families, flat, losses, pairs, span

__all__ = ["MARKS", "publish", "replaced", "summary", "table"]

WORKS = {
    "moons, 2-16-16-1, batch 100, float32, hinge": "net 2-16-16-1, 100 rows",
    "digits' size, 64-64-10, batch 32, float32, cross-entropy": "net 64-64-10, 32 rows",
    "784-128-10, batch 128, float32, cross-entropy": "net 784-128-10, 128 rows",
    "784-512-512-10, batch 128, float32, cross-entropy": "net 784-512-512-10, 128 rows",
    "all cores: 784-512-512-10, batch 128, float32, cross-entropy": "the same on all cores",
    "micrograd's demo, 66,000 nodes, forward and backward": "micrograd's demo, 66,000 nodes",
}
"""The works that the README shows, and their names there."""

PEERS = ("PyTorch", "JAX", "NumPy by hand", "micrograd")
SHOWN = ("numpy", "numba", "torch", "jax", "micrograd")

MARKS = ("<!-- measured: python -m benchmarks --publish writes what stands here -->", "<!-- end of measured -->")


def publish(readme: Path, kept: dict[str, Any]) -> None:
    """Write the summary of these results into a README."""
    readme.write_text(replaced(readme.read_text(), kept))


def replaced(text: str, kept: dict[str, Any]) -> str:
    """Give a text with what stands between the marks written anew.

    Raises:
        ValueError: the marks are not there, once each.
    """
    if any(text.count(mark) != 1 for mark in MARKS):
        raise ValueError(f"the text has to hold each of these marks once: {MARKS[0]!r}, {MARKS[1]!r}")
    before, rest = text.split(MARKS[0])
    _, after = rest.split(MARKS[1])
    return "\n".join([before + MARKS[0], summary(kept), MARKS[1] + after])


def summary(kept: dict[str, Any]) -> str:
    """Write where and when was measured, and how much longer the quickest way of each peer takes for a few works."""
    groups = kept["groups"].values()
    environment = next(iter(groups))["environment"]
    dates = sorted(group["environment"]["date"][:10] for group in groups)
    versions = ", ".join(f"{name} {environment['versions'][name]}" for name in SHOWN if name in environment["versions"])
    lines = [
        f"Measured {' to '.join(dict.fromkeys((dates[0], dates[-1])))} on {environment['cores']} cores of "
        f"{environment['processor']}, one thread where a row does not say more.",
        f"Versions: Python {environment['python']}, {versions}.",
        *([kept["note"]] if kept.get("note") else []), "",
        f"| a step, forward and backward | Chalkgrad | {' | '.join(f'{peer} takes' for peer in PEERS)} |",
        "|---" * (len(PEERS) + 2) + "|",
    ]  # fmt: skip
    for result in flat(kept):
        if result.get("work") in WORKS:
            ours = span(result["times"][result["ours"]]["wall"]["median"])
            ratios = [_quickest(result, peer) for peer in PEERS]
            times = [f"{digits(ratio)} times" if ratio else "" for ratio in ratios]
            lines.append(f"| {WORKS[result['work']]} | {ours} | {' | '.join(times)} |")
    slower, compared = len(losses(flat(kept))), len(list(pairs(flat(kept))))
    return "\n".join([*lines, "", f"In {slower} of all {compared} comparisons a peer was quicker."])


def _quickest(result: Result, peer: str) -> float | None:
    ratios = [x["wall"]["median"] for name, x in result["ratios"].items() if name.startswith(peer)]
    return min(ratios, default=None)


def table(kept: dict[str, Any]) -> list[str]:
    """Write all works, a row each, as lines of Markdown."""
    lines = ["| work | ours | how many times longer others take |", "|---|---|---|"]
    seen: set[str] = set()
    for result in flat(kept):
        family = result.get("family")
        if family and family in seen:
            continue
        seen.add(family or "")
        if row := _family(families(flat(kept))[family]) if family else _row(result):
            lines.append(row)
    return lines


def _row(result: Result) -> str:
    if "times" in result:
        named = {name: digits(x["wall"]["median"]) for name, x in result["ratios"].items()}
        return _line(result["work"], span(result["times"][result["ours"]]["wall"]["median"]), named)
    if "amounts" in result:
        (_, ours), *others = result["amounts"].items()
        return _line(result["work"], f"{digits(ours)} bytes", {name: digits(x / ours) for name, x in others})
    if "value" in result:
        return _line(result["work"], amount(result["value"], result["unit"]), {})
    return ""


def _family(races: list[Result]) -> str:
    """Give one row for races that differ in size: from the smallest to the largest figure."""
    found: dict[str, list[float]] = {}
    for result in races:
        for name, x in result["ratios"].items():
            found.setdefault(name, []).append(x["wall"]["median"])
    own = [result["times"][result["ours"]]["wall"]["median"] for result in races]
    name = f"{races[0]['family']}, graphs of {races[0]['size']:,} to {races[-1]['size']:,}"
    spans = " to ".join(dict.fromkeys(map(span, (min(own), max(own)))))
    return _line(name, spans, {n: " to ".join(dict.fromkeys(map(digits, (min(x), max(x))))) for n, x in found.items()})


def _line(work: str, ours: str, others: dict[str, str]) -> str:
    peers = [f"{n} {x}" for n, x in others.items() if not n.startswith("ours") and not n.endswith(PART)]
    return f"| {work} | {ours} | {', '.join(peers)} |"
