"""`python -m benchmarks [--quick] [--guard] [--only GROUP ...] [--to FOLDER]`"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from . import report
from .environment import described, settings

COMMITTED = Path(__file__).parent / "results"


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks", description="Ratios of times against peers, in one run.")
    parser.add_argument("--quick", action="store_true", help="about two minutes: fewer repeats, smaller graphs")
    parser.add_argument("--guard", action="store_true", help="compare with the committed results; 1 if a ratio fell")
    parser.add_argument("--only", nargs="+", metavar="GROUP", help="run these groups alone")
    parser.add_argument("--to", type=Path, metavar="FOLDER", help="where to write JSON, Markdown and plots")
    parser.add_argument("--note", default="", help="a sentence for the report")
    parser.add_argument("--group", help=argparse.SUPPRESS)  # a child: this group, results to --to as lines of JSON
    args = parser.parse_args()
    if args.group:
        return _child(args.group, args.quick, args.to)
    from .groups import GROUPS, THREADS

    unknown = set(args.only or ()) - set(GROUPS)
    if unknown:
        parser.error(f"no such group: {', '.join(sorted(unknown))}; there are {', '.join(GROUPS)}")
    folder = args.to or (COMMITTED if not (args.quick or args.guard or args.only) else Path("bench"))
    folder.mkdir(parents=True, exist_ok=True)
    environment, results, failed = described(), [], []
    for group in args.only or GROUPS:
        found, ok = _in_child(group, THREADS.get(group, 1), args.quick)
        results += found
        failed += [] if ok else [f"The group {group} broke off."]
        environment["note"] = " ".join([args.note, *failed]).strip()
        _write(folder, {"environment": environment, "quick": args.quick, "results": results})
    print(f"written to {folder}")
    if args.guard:
        before = json.loads((COMMITTED / "results.json").read_text())["results"]
        worse = report.regressions(before, results)
        print("\n".join(worse) or "no ratio has fallen")
        failed += worse
    return 1 if failed else 0


def _write(folder: Path, kept: dict[str, Any]) -> None:
    (folder / "results.json").write_text(json.dumps(kept, indent=1) + "\n")
    names = report.plots(kept["results"], folder)
    (folder / "README.md").write_text(report.markdown(kept["environment"], kept["results"], names))


def _in_child(group: str, threads: int, quick: bool) -> tuple[list[dict[str, Any]], bool]:
    """Run a group in a process of its own, with its threads fixed before anything is imported."""
    print(f"## {group}, {threads} thread{'s' if threads > 1 else ''}\n", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        lines = Path(folder, "lines")
        lines.touch()
        command = [sys.executable, "-m", "benchmarks", "--group", group, "--to", str(lines)]
        environment = {**os.environ, **settings(threads)}
        code = subprocess.run([*command, *(["--quick"] if quick else [])], env=environment, check=False).returncode
        return [json.loads(line) for line in lines.read_text().splitlines()], code == 0


def _child(group: str, quick: bool, to: Path) -> int:
    from .groups import GROUPS

    with to.open("a") as file:
        for result in GROUPS[group](quick):
            print(json.dumps(result), file=file, flush=True)
            print(report.shown(result), flush=True)
    return 0


sys.exit(main())
