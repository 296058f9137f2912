"""`python -m benchmarks [--quick | --guard | --rehearse] [--only GROUP ...] [--resume] [--publish]`"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from . import guard, plots, report, summary
from .environment import described, environ, settings, versions
from .harness import PACES

COMMITTED = Path(__file__).parent / "results"
README = Path(__file__).parents[1] / "README.md"

Kept = dict[str, Any]


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks", description="Ratios of times against peers, in one run.")
    pace = parser.add_mutually_exclusive_group()
    pace.add_argument("--quick", action="store_const", dest="pace", const="quick", default="full",
                      help="about two minutes: fewer repeats, smaller graphs")  # fmt: skip
    pace.add_argument("--rehearse", action="store_const", dest="pace", const="rehearsal",
                      help="everything once, to see that it runs and agrees; the times mean nothing")  # fmt: skip
    pace.add_argument("--guard", action="store_const", dest="pace", const="guard",
                      help="a longer quick run, compared with the committed results; 1 if a ratio fell")  # fmt: skip
    parser.add_argument("--only", nargs="+", metavar="GROUP", help="run these groups; others keep what they have")
    parser.add_argument("--resume", action="store_true", help="run the groups alone that the folder does not have yet")
    parser.add_argument("--report", action="store_true", help="run nothing; write tables and plots anew")
    parser.add_argument("--publish", action="store_true", help="write to the committed results, and to README.md")
    parser.add_argument("--to", type=Path, default=Path("bench"), metavar="FOLDER", help="where to write otherwise")
    parser.add_argument("--note", default="", help="a sentence for the report")
    parser.add_argument("--group", help=argparse.SUPPRESS)  # a child: this group, results to --to as lines of JSON
    args = parser.parse_args()
    if args.group:
        return _child(args.group, args.pace, args.to)
    from .groups import GROUPS

    if unknown := set(args.only or ()) - set(GROUPS):
        parser.error(f"no such group: {', '.join(sorted(unknown))}; there are {', '.join(GROUPS)}")
    if args.publish and args.pace != "full":
        parser.error("what is published comes from a full run: leave out --quick, --guard and --rehearse")
    folder = COMMITTED if args.publish else args.to
    folder.mkdir(parents=True, exist_ok=True)
    kept = _kept(folder, args.pace, merge=bool(args.only) or args.resume or args.report)
    if args.note or "note" not in kept:
        kept["note"] = args.note
    for group in () if args.report else args.only or GROUPS:
        if not (args.resume and kept["groups"].get(group, {}).get("finished")):
            _run(kept, group, folder)
    _write(folder, kept)
    if args.publish:
        summary.publish(README, kept)
    print(f"written to {folder}")
    broken = [name for name, group in kept["groups"].items() if not group["finished"]]
    if broken:
        print(f"broke off: {', '.join(broken)}")
    return int(bool(broken) | (args.pace == "guard" and _guard(kept, folder)))


def _kept(folder: Path, pace: str, merge: bool) -> Kept:
    """Give the results of a folder to add to, or none."""
    path = folder / "results.json"
    if merge and path.exists():
        kept = json.loads(path.read_text())
        if kept["pace"] == pace:
            return kept
    return {"pace": pace, "groups": {}}


def _run(kept: Kept, group: str, folder: Path) -> None:
    """Run a group in a process of its own, with its threads fixed before anything is imported; keep what it finds."""
    from .groups import GROUPS, THREADS

    threads = THREADS.get(group, 1)
    print(f"## {group}, {threads or 'all'} thread{'' if threads == 1 else 's'}\n", flush=True)
    environment, start = described() | {"settings": settings(threads)}, time.perf_counter()
    with tempfile.TemporaryDirectory() as temporary:
        lines = Path(temporary, "lines")
        lines.touch()
        command = [sys.executable, "-m", "benchmarks", "--group", group, "--to", str(lines)]
        command += {"full": [], "quick": ["--quick"], "guard": ["--guard"], "rehearsal": ["--rehearse"]}[kept["pace"]]
        done = subprocess.run(command, env=environ(threads), check=False)
        results = [json.loads(line) for line in lines.read_text().splitlines()]
    found = {
        "environment": environment | {"versions": versions()}, "seconds": round(time.perf_counter() - start, 1),
        "finished": done.returncode == 0, "results": results,
    }  # fmt: skip
    groups = kept["groups"] | {group: found}
    kept["groups"] = {name: groups[name] for name in GROUPS if name in groups}
    _write(folder, kept)


def _write(folder: Path, kept: Kept) -> None:
    (folder / "results.json").write_text(json.dumps(kept, indent=1) + "\n")
    names = plots.plots(report.flat(kept), folder)
    (folder / "README.md").write_text(report.markdown(kept, names, summary.table(kept)))


def _guard(kept: Kept, folder: Path) -> bool:
    """Say which ratios fell; groups in which some did are run once more, and only what fell twice counts."""
    before = json.loads((COMMITTED / "results.json").read_text())
    worse = guard.regressions(before, kept)
    for group in sorted({group for group, _, _ in worse}):
        print(f"some ratios of {group} fell; once more\n")
        _run(kept, group, folder)
    again = guard.regressions(before, kept)
    fell = [text for key, text in again.items() if key in worse]
    print("\n".join(fell) or "no ratio has fallen")
    return bool(fell)


def _child(group: str, pace: str, to: Path) -> int:
    from .groups import GROUPS

    with to.open("a") as file:
        for result in GROUPS[group](PACES[pace]):
            print(json.dumps(result), file=file, flush=True)
            print(report.shown(result), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
