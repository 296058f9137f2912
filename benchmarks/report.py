"""What becomes of results: lines on the screen, a Markdown table, plots, and the comparison with earlier results."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

__all__ = ["markdown", "plots", "regressions", "shown"]

Result = dict[str, Any]


def span(seconds: float) -> str:
    """Write a time with three digits and a fitting unit.

    >>> span(0.00012345), span(2.5)
    ('123 us', '2.50 s')
    """
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size:
            return f"{_digits(seconds / size)} {unit}"
    return f"{_digits(seconds / 1e-9)} ns"


def _digits(x: float) -> str:
    return f"{x:.2f}" if x < 10 else f"{x:.1f}" if x < 100 else f"{x:,.0f}"


def table(result: Result) -> list[str]:
    """Write the table of a race."""
    lines = ["| | time | quartiles | ratio | quartiles | ratio of CPU time | wanted | samples |", "|" + "---|" * 8]
    for name, x in result["times"].items():
        wall, ratio = x["wall"], result["ratios"].get(name)
        cells = [name, span(wall["median"]), f"{span(wall['low'])} to {span(wall['high'])}"]
        if ratio is None:
            cells += ["1", "", "1"]
        else:
            quartiles = f"{_digits(ratio['wall']['low'])} to {_digits(ratio['wall']['high'])}"
            cells += [f"**{_digits(ratio['wall']['median'])}**", quartiles, _digits(ratio["cpu"]["median"])]
        target = result["targets"].get(name)
        lines.append("| " + " | ".join([*cells, f"{target:g}" if target else "", str(x["samples"])]) + " |")
    return lines


def shown(result: Result) -> str:
    """Write a result for the screen and the report."""
    lines = [f"### {result['work']}", ""]
    if "times" in result:
        control = result["control"]
        spread = (control["high"] - control["low"]) / control["median"]
        lines += table(result)
        note = f"Times are of one {result['unit']}; the control spread by {spread:.0%}. {result['note']}"
        lines += ["", note.rstrip()]
        lines += [f"Left out: {name} ({reason})." for name, reason in result["skipped"].items()]
    elif "series" in result:
        lines += _series(result["series"])
    else:
        unit, value = result["unit"], result["value"]
        wanted = result.get("at most")
        text = span(value) if unit == "s" else f"{value:.1f} {unit}"
        if wanted is not None:
            text += f" (wanted: at most {span(wanted) if unit == 's' else f'{wanted:g} {unit}'})"
        lines.append(" ".join([text + ".", result.get("note", "")]).rstrip())
    return "\n".join([*lines, ""])


def _series(series: dict[str, list[float]]) -> list[str]:
    lines = ["| " + " | ".join(series) + " |", "|" + "---|" * len(series)]
    for row in zip(*series.values(), strict=True):
        cells = [
            f"{x:,.0f}" if name == "nodes" else f"{x:.1f}" if "bytes" in name else span(x)
            for name, x in zip(series, row, strict=True)
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def pairs(results: list[Result]) -> Iterator[tuple[str, str, dict[str, Any], float | None]]:
    """Go through all ratios to peers: work, peer, ratio, target."""
    for result in results:
        for peer, ratio in result.get("ratios", {}).items():
            if not peer.startswith("ours"):
                yield result["work"], peer, ratio, result["targets"].get(peer)


def markdown(environment: dict[str, Any], results: list[Result], pictures: Sequence[str] = ()) -> str:
    """Write the report: ratios first."""
    versions = ", ".join(f"{name} {v}" for name, v in environment["versions"].items())
    lines = [
        "# Results", "",
        f"{environment['date']}, commit {environment['commit']}, {environment['processor']}, {environment['cores']} "
        f"cores, load {environment['load']} at the start, Python {environment['python']}, {environment['system']}.",
        f"Versions: {versions}.", f"Settings: {' '.join(f'{k}={v}' for k, v in environment['settings'].items())}.", "",
        "A ratio is the time of the peer divided by the time of ours, in the same round; above 1 we are faster. Shown "
        "is the median of the rounds. Where the two kinds of ratio differ, the machine was busy with other things, or "
        "a peer used a second thread.", environment.get("note", ""), "",
        "## Ratios that we wanted to reach", "", "| work | peer | ratio | of CPU time | wanted | reached |",
        "|---|---|---|---|---|---|",
    ]  # fmt: skip
    for work, peer, ratio, target in pairs(results):
        if target is not None:
            wall, cpu = ratio["wall"]["median"], ratio["cpu"]["median"]
            reached = "yes" if wall >= target else "**no**"
            lines.append(f"| {work} | {peer} | {_digits(wall)} | {_digits(cpu)} | {target:g} | {reached} |")
    lines += ["", *(f"![{name}]({name})" for name in pictures)]
    lines += ["", "## Everything", "", *map(shown, results)]
    return "\n".join(lines)


def plots(results: list[Result], folder: Path) -> list[str]:
    """Draw growth and ratios; gives the names of the files."""
    try:
        import matplotlib
    except ImportError:
        return []
    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    written = []
    grown = [x for x in results if "series" in x]
    if grown:
        figure, axes = plt.subplots(1, len(grown), figsize=(5 * len(grown), 4), layout="constrained", squeeze=False)
        for ax, result in zip(axes[0], grown, strict=True):
            nodes = result["series"]["nodes"]
            for name, y in result["series"].items():
                if name != "nodes" and "bytes" not in name:
                    ax.loglog(nodes, y, "o-", label=name)
            ax.loglog(nodes, [1e-8 * n for n in nodes], "k:", label="10 ns a node")
            ax.set(title=result["work"], xlabel="nodes", ylabel="seconds")
            ax.grid(alpha=0.3)
        axes[0][0].legend()
        written.append("growth.svg")
        figure.savefig(folder / written[-1], metadata={"Date": None})
        plt.close(figure)
    bars = [(f"{work}: {peer}", ratio["wall"]) for work, peer, ratio, _ in pairs(results)]
    if bars:
        figure, ax = plt.subplots(figsize=(11, 0.6 + 0.24 * len(bars)), layout="constrained")
        names, ratios = [name for name, _ in bars], [x["median"] for _, x in bars]
        reach = [[x["median"] - x["low"] for _, x in bars], [x["high"] - x["median"] for _, x in bars]]
        ax.barh(names, ratios, xerr=reach, color=["#4477aa" if r >= 1 else "#cc6677" for r in ratios], ecolor="#888888")
        ax.axvline(1, color="black")
        ax.set(xscale="log", xlabel="time of the peer / time of ours")
        ax.invert_yaxis()
        ax.tick_params(labelsize=7)
        written.append("ratios.svg")
        figure.savefig(folder / written[-1], metadata={"Date": None})
        plt.close(figure)
    return written


TOLERANCE = 0.25
"""What a ratio may lose by chance alone on a shared machine; more where the quartiles lie farther apart."""


def regressions(before: list[Result], now: list[Result]) -> list[str]:
    """Say which ratios to peers have become clearly worse, on the wall and in CPU time.

    >>> def result(ratio):
    ...     spread = {"median": ratio, "low": ratio * 0.9, "high": ratio * 1.1}
    ...     return {"work": "w", "targets": {}, "ratios": {"peer": {"wall": spread, "cpu": spread}}}
    >>> regressions([result(4.0)], [result(3.5)]), regressions([result(4.0)], [result(2.0)])
    ([], ['w, against peer: 2.00 where it was 4.00'])
    """
    known = {(work, peer): ratio for work, peer, ratio, _ in pairs(before)}
    out = []
    for work, peer, ratio, _ in pairs(now):
        old = known.get((work, peer))
        if old is not None and all(_worse(old[kind], ratio[kind]) for kind in ("wall", "cpu")):
            out.append(f"{work}, against {peer}: {_digits(ratio['wall']['median'])} where it was "
                       f"{_digits(old['wall']['median'])}")  # fmt: skip
    return out


def _worse(old: dict[str, float], new: dict[str, float]) -> bool:
    spread = max((x["high"] - x["low"]) / x["median"] for x in (old, new))
    return new["median"] < old["median"] * (1 - max(TOLERANCE, min(spread, 0.6)))
