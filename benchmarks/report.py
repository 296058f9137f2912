"""What becomes of results: lines on the screen, and a report in Markdown, ratios first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

__all__ = ["Result", "amount", "digits", "families", "flat", "goals", "losses", "markdown", "pairs", "shown", "span"]

Result = dict[str, Any]

PART = "(a part of ours)"
"""How the name of a contender ends that is no peer: what our own time contains."""


def span(seconds: float) -> str:
    """Write a time with three digits and a fitting unit.

    >>> span(0.00012345), span(2.5)
    ('123 us', '2.50 s')
    """
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size:
            return f"{digits(seconds / size)} {unit}"
    return f"{digits(seconds / 1e-9)} ns"


def digits(x: float) -> str:
    """Write a number with three digits, or all before the point."""
    return f"{x:.2f}" if x < 9.995 else f"{x:.1f}" if x < 99.95 else f"{x:,.0f}"


def amount(x: float, unit: str) -> str:
    """Write a figure with its unit."""
    return span(x) if unit == "s" else f"{digits(x)} {unit}"


def flat(kept: dict[str, Any]) -> list[Result]:
    """Give the results of all groups."""
    return [result for group in kept["groups"].values() for result in group["results"]]


def pairs(results: list[Result]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Go through all ratios to peers: work, peer, ratio."""
    for result in results:
        for peer, ratio in result.get("ratios", {}).items():
            if not peer.startswith("ours") and not peer.endswith(PART):
                yield result["work"], peer, ratio


def goals(results: list[Result]) -> Iterator[tuple[str, str, dict[str, Any], float]]:
    """Go through all ratios that have a target: work, contender, ratio, target."""
    for result in results:
        for name, target in result.get("targets", {}).items():
            if name in result["ratios"]:
                yield result["work"], name, result["ratios"][name], target


def families(results: list[Result]) -> dict[str, list[Result]]:
    """Give the races that differ in size alone, by family."""
    out: dict[str, list[Result]] = {}
    for result in results:
        if result.get("family"):
            out.setdefault(result["family"], []).append(result)
    return out


def losses(results: list[Result]) -> list[tuple[str, str, dict[str, Any]]]:
    """Give work, peer and ratio where the peer was quicker in three rounds of four, the worst first."""
    found = [(work, peer, ratio) for work, peer, ratio in pairs(results) if ratio["wall"]["high"] < 1]
    return sorted(found, key=lambda x: x[2]["wall"]["median"])


# One result ------------------------------------------------------------------------------------------------------


def table(result: Result) -> list[str]:
    """Write the table of a race."""
    lines = ["| | time | quartiles | ratio | quartiles | ratio of CPU time | wanted | samples |", "|" + "---|" * 8]
    for name, x in result["times"].items():
        wall, ratio = x["wall"], result["ratios"].get(name)
        cells = [name, span(wall["median"]), f"{span(wall['low'])} to {span(wall['high'])}"]
        if ratio is None:
            cells += ["1", "", "1"]
        else:
            quartiles = f"{digits(ratio['wall']['low'])} to {digits(ratio['wall']['high'])}"
            cells += [f"**{digits(ratio['wall']['median'])}**", quartiles, digits(ratio["cpu"]["median"])]
        target = result["targets"].get(name)
        lines.append("| " + " | ".join([*cells, f"{target:g}" if target else "", str(x["samples"])]) + " |")
    return lines


def shown(result: Result) -> str:
    """Write a result for the screen and the report."""
    lines = [f"### {result['work']}", ""]
    if "times" in result:
        lines += [*table(result), "", f"Times are of one {result['unit']}; the control spread by "
                  f"{_unrest(result):.0%}. {result['note']}".rstrip()]  # fmt: skip
    elif "amounts" in result:
        ours = next(iter(result["amounts"].values()))
        lines += [f"| | {result['unit']} | ratio |", "|---|---|---|"]
        lines += [f"| {name} | {digits(x)} | {digits(x / ours)} |" for name, x in result["amounts"].items()]
        lines += ["", result["note"]]
    elif "series" in result:
        lines += _series(result["series"])
    else:
        unit, wanted = result["unit"], result.get("at most")
        text = amount(result["value"], unit)
        if wanted is not None:
            text += f" (wanted: at most {amount(wanted, unit)})"
        lines.append(" ".join([text + ".", result.get("note", "")]).rstrip())
    lines += [f"Left out: {name} ({reason})." for name, reason in result.get("skipped", {}).items()]
    return "\n".join([*lines, ""])


def _unrest(result: Result) -> float:
    """Give how far the quartiles of the control lie apart: the unrest of the machine."""
    control = result["control"]
    return (control["high"] - control["low"]) / control["median"]


def _series(series: dict[str, list[float]]) -> list[str]:
    lines = ["| " + " | ".join(series) + " |", "|" + "---|" * len(series)]
    for row in zip(*series.values(), strict=True):
        cells = [
            f"{x:,.0f}" if name == "nodes" else f"{x:.1f}" if "bytes" in name else span(x)
            for name, x in zip(series, row, strict=True)
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


# The report ------------------------------------------------------------------------------------------------------


def markdown(kept: dict[str, Any], pictures: Sequence[str] = (), table: Sequence[str] = ()) -> str:
    """Write the report: ratios first, then the table of all works, then every figure."""
    results = flat(kept)
    lines = [
        "# Results", "", *_machine(kept), "",
        "A ratio is the time of the peer divided by the time of ours, in the same round; above 1 we are faster. Shown "
        "is the median of the rounds. Where the two kinds of ratio differ, the machine was busy with other things, or "
        "one side used more threads.", "",
        "## Ratios that we wanted to reach", "", "| work | peer | ratio | of CPU time | wanted | reached |",
        "|---|---|---|---|---|---|",
    ]  # fmt: skip
    for work, peer, ratio, target in goals(results):
        wall, cpu = ratio["wall"]["median"], ratio["cpu"]["median"]
        cells = work, peer, digits(wall), digits(cpu), f"{round(target, 2):g}", _reached(wall >= target)
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", "## Figures that we wanted to reach", "", "| work | measured | at most | reached |", "|" + "---|" * 4]
    for x in results:
        if (most := x.get("at most")) is not None:
            cells = x["work"], amount(x["value"], x["unit"]), amount(most, x["unit"]), _reached(x["value"] <= most)
            lines.append(f"| {' | '.join(cells)} |")
    lines += ["", "## Where we lose", "", "The peer was quicker in three rounds of four.", ""]
    lines += ["| work | peer | ratio | quartiles |", "|---|---|---|---|"]
    for work, peer, ratio in losses(results):
        wall = ratio["wall"]
        reach = f"{digits(wall['low'])} to {digits(wall['high'])}"
        lines.append(f"| {work} | {peer} | **{digits(wall['median'])}** | {reach} |")
    lines += ["", *(f"![Plot of {Path(name).stem}]({name})" for name in pictures)]
    lines += ["", "## All works", "", *table, "", "## Everything", "", *map(shown, results)]
    return "\n".join(lines)


def _reached(is_reached: bool) -> str:
    return "yes" if is_reached else "**no**"


def _machine(kept: dict[str, Any]) -> list[str]:
    """Say where, when and with what each group was measured; what all have in common once."""
    if not kept["groups"]:
        return ["Nothing has been measured."]
    environment = next(iter(kept["groups"].values()))["environment"]
    versions = ", ".join(f"{name} {v}" for name, v in environment["versions"].items())
    absent = dict.fromkeys(f"{name} ({why})" for x in flat(kept) for name, why in x.get("skipped", {}).items())
    lines = [
        f"{environment['processor']}, {environment['cores']} cores, Python {environment['python']}, "
        f"{environment['system']}.",
        f"Versions: {versions}.",
        f"Peers left out: {', '.join(absent)}." if absent else "No peer was left out.",
        f"Settings of groups with one thread: {' '.join(f'{k}={v}' for k, v in environment['settings'].items())}.",
        "Groups with all threads have no settings: each library chooses as it does for its users.",
        kept.get("note", ""), "",
        f"| group, {kept['pace']} run | date | commit | load at the start | threads | seconds | control spread by |",
        "|" + "---|" * 7,
    ]  # fmt: skip
    for name, group in kept["groups"].items():
        e = group["environment"]
        unrest = [_unrest(x) for x in group["results"] if "control" in x]
        spread = f"{sum(unrest) / len(unrest):.0%}" if unrest else ""
        threads = e["settings"].get("OMP_NUM_THREADS", "all")
        broken = "" if group["finished"] else " **broke off**"
        lines.append(
            f"| {name}{broken} | {e['date']} | {e['commit']} | {e['load']} | {threads} | "
            f"{group['seconds']:.0f} | {spread} |"
        )
    return lines
