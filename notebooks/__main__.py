"""Build the course: run its notebooks, compare them with what is committed, and write pictures and the index.

    python -m notebooks [NUMBER ...]          run, and write outputs, thumbnails and the index
    python -m notebooks --check [NUMBER ...]  run, and say where outputs or solutions differ; write nothing
    python -m notebooks --index               write badges, thumbnails and the index, without running (after a merge)
    python -m notebooks --lectures FOLDER     write slides, handouts, assignments and solutions

Only the notebooks are written by hand. A cell with the tag `varies` shows what no two runs share, such as times: it is
not compared, and keeps its outputs as long as no code changes. A cell with the tag `thumbnail` has the picture for the
index, otherwise the first picture is taken. `chalkgrad.exercises` tells how exercises are written: here every
solution is run in the place of the open cell, in the same kernel, and its checker must accept it.
"""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import nbformat

from .index import badged, index
from .lectures import pack
from .running import FOLDER, ROOT, chosen, differences, read, run, run_tweaked, tweaks, with_old_times


def main(arguments: list[str] | None = None) -> int:
    """Do what the arguments say; give 1 if something is wrong."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("python -m notebooks", description=__doc__, formatter_class=raw)
    parser.add_argument("number", nargs="*", help="which notebooks to run; all if left out")
    parser.add_argument("--check", action="store_true", help="compare with what is committed, and write nothing")
    parser.add_argument("--index", action="store_true", help="write badges, thumbnails and the index, without running")
    parser.add_argument("--jobs", type=int, default=2, help="how many run at the same time (2)")
    parser.add_argument("--lectures", type=Path, metavar="FOLDER", help="write slides, handouts and assignments")
    parser.add_argument("--reveal", type=Path, metavar="FOLDER", help="the package of reveal.js, for the slides")
    given = parser.parse_args(arguments)
    if given.lectures:
        pack(given.lectures, given.reveal)
        return 0
    failed = 0
    paths = [] if given.index else chosen(given.number)
    with ProcessPoolExecutor(given.jobs) as pool:
        for fine, report in pool.map(build, paths, [given.check] * len(paths)):
            failed += not fine
            print(report, flush=True)
    if not given.check:
        made = {**badged(), **index()}
        for path in set(FOLDER.glob("pictures/course-*")) - set(made):
            path.unlink()
        for path, content in made.items():
            if not path.exists() or path.read_bytes() != content:
                path.write_bytes(content)
                print(f"   wrote {path.relative_to(ROOT)}")
    return int(failed > 0)


def build(path: Path, check: bool) -> tuple[bool, str]:
    """Run one notebook; compare it and run its tweaks, or write it if all is well; say how it went."""
    start = time.perf_counter()
    committed = read(path)
    fresh, complaints = run(committed, path.parent)
    if check and not complaints:
        complaints = differences(committed, fresh)
        for name in tweaks(committed):
            complaints += run_tweaked(committed, name, path.parent)
    if not check and not complaints:
        with_old_times(committed, fresh)
        nbformat.write(fresh, path)
    told = f"{path.name}: {time.perf_counter() - start:.1f} s, {'wrong' if complaints else 'fine'}"
    return not complaints, "\n   ".join([told, *complaints])


if __name__ == "__main__":
    sys.exit(main())
