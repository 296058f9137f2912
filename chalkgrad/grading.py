"""Grade a notebook with exercises: run it in a process of its own, with limits, and say which answers are right.

The checkers come from the assignment where it is given, never from what the student sent. Of the student's notebook
the cells between the heading of an exercise and its checker are run; all others are those of the assignment. Before a
checker runs, the names that it uses get their first values again. That is a guard against mistakes and easy tricks; a
student who wants to can still write any Python, so run it where that does no harm.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

HEADING = re.compile(r"^#{2,3} Exercise ([\w.]+)[^\n]*", re.MULTILINE)
CHECKER = re.compile(r"\bcheck_(?:value|function|law)\(")


@dataclass(frozen=True)
class Grade:
    """What came out for one exercise: its title, "right", "not yet", "not answered yet" or "not run", and why."""

    title: str
    state: str
    words: str = ""


@dataclass
class _Step:
    """Code to run: of the assignment, an answer, or a checker."""

    kind: str
    title: str
    source: str
    open_names: tuple[str, ...] = ()


def grade(
    student: str | Path, assignment: str | Path | None = None, seconds: float = 60, megabytes: int = 4096
) -> list[Grade]:
    """Grade the notebook `student`; with `assignment`, by its checkers and with its other cells.

    Args:
        student: the file of the notebook.
        assignment: the file as it was handed out, or with solutions.
        seconds: how long each cell may run. The whole may take four times as long, and a minute more.
        megabytes: how much memory the process may take, where the system can limit that.

    Raises:
        ValueError: a file is no notebook, or has no exercise.
    """
    mine = _cells(Path(student))
    answers = _answers(mine)
    steps = list(_steps(mine if assignment is None else _cells(Path(assignment)), answers))
    titles = [step.title for step in steps if step.kind == "checker"]
    if not titles:
        raise ValueError(f"{assignment or student} has no exercise: a heading `### Exercise 1`, and below it a checker")
    folder = Path(student if assignment is None else assignment).resolve().parent
    found: dict[str, Grade] = {}
    for title in titles:
        if (name := HEADING.search(f"### {title}")) and name[1] not in answers:
            words = f"{Path(student).name} has no heading `### Exercise {name[1]}`"
            found[title] = Grade(title, "not answered yet", words)
    why = ""
    while (left := [title for title in titles if title not in found]) and why != _LATE:
        done, why = _graded(steps, folder, seconds, megabytes)
        found = done | found
        if stuck := [title for title in left if title not in found]:  # it ended the process: the others run without it
            found[stuck[0]] = Grade(stuck[0], "not run", why)
            steps = [replace(s, source="") if (s.kind, s.title) == ("answer", stuck[0]) else s for s in steps]
    return [found.get(title, Grade(title, "not run", why)) for title in titles]


_LATE = "the time was over"


def _graded(steps: list[_Step], folder: Path, seconds: float, megabytes: int) -> tuple[dict[str, Grade], str]:
    """Run steps in a process of their own; return the grades as far as it came, and why it ended before its end."""
    told = json.dumps({"steps": [vars(step) for step in steps], "seconds": seconds, "megabytes": megabytes})
    environment = {**os.environ, "MPLBACKEND": "Agg", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-m", "chalkgrad.grading"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                          cwd=folder, env=environment, start_new_session=True) as process:  # fmt: skip
        why = "the process ended: out of memory, or ended by this answer"
        try:
            out, _ = process.communicate(told, timeout=4 * seconds + 60)
        except subprocess.TimeoutExpired:
            _kill(process)
            out, why = process.communicate()[0], _LATE
        _kill(process)  # and what an answer has started
    return {row["title"]: Grade(**row) for row in map(json.loads, (out or "").splitlines())}, why


def _kill(process: subprocess.Popen[str]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL) if hasattr(os, "killpg") else process.kill()


def report(student: str | Path, grades: list[Grade]) -> str:
    """Write grades as Markdown, for the student.

    >>> print(report("ann.ipynb", [Grade("Exercise 1: two", "right")]))
    # ann.ipynb: 1 of 1 right
    <BLANKLINE>
    | exercise | result | |
    |---|---|---|
    | Exercise 1: two | right |  |
    <BLANKLINE>
    """
    right = sum(grade.state == "right" for grade in grades)
    rows = [f"| {grade.title} | {grade.state} | {grade.words.replace('|', chr(92) + '|')} |" for grade in grades]
    head = [f"# {Path(student).name}: {right} of {len(grades)} right", "", "| exercise | result | |", "|---|---|---|"]
    return "\n".join([*head, *rows, ""])


def _cells(path: Path) -> list[tuple[str, str]]:
    """Read the cells of a notebook: of what kind each is, and its text."""
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        return [(cell["cell_type"], "".join(cell["source"])) for cell in cells]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is no notebook: {error}") from None


def _answers(cells: list[tuple[str, str]]) -> dict[str, str]:
    """Find what was written below the heading of each exercise, above its checker."""
    found, name = {}, ""
    for kind, text in cells:
        if kind == "markdown" and (heading := HEADING.search(text)):
            name = heading[1]
            found[name] = ""
        elif kind == "code" and name:
            if CHECKER.search(text):
                name = ""
            else:
                found[name] += _without_magic(text) + "\n"
    return found


def _without_magic(source: str) -> str:
    """Leave out lines such as `%time`, which only a notebook understands."""
    try:
        ast.parse(source)
    except SyntaxError:
        return re.sub(r"^\s*[%!].*$", "", source, flags=re.MULTILINE)
    return source


def _steps(cells: list[tuple[str, str]], answers: dict[str, str]) -> Iterator[_Step]:
    name = title = ""
    names: tuple[str, ...] = ()
    for kind, text in cells:
        if kind == "markdown" and (heading := HEADING.search(text)):
            name, title = heading[1], heading[0].lstrip("# ")
        elif kind == "code" and name and CHECKER.search(text):
            yield _Step("answer", title, answers.get(name, "..."), names)
            yield _Step("checker", title, text, names)
            name = ""
        elif kind == "code" and name:
            names = _assigned(text)
        elif kind == "code" and not re.search(r"^\s*[%!]", text, re.MULTILINE):
            yield _Step("cell", "", text)


def _assigned(source: str) -> tuple[str, ...]:
    """List the names that a cell assigns or defines."""
    nodes = list(ast.walk(ast.parse(source)))
    names = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return tuple(sorted(names | {n.name for n in nodes if isinstance(n, (ast.FunctionDef, ast.ClassDef))}))


# In the process of its own -------------------------------------------------------------------------------------


def _main() -> None:
    told = json.load(sys.stdin)
    out = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what answers print does not belong to the report
    with contextlib.suppress(ImportError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (told["megabytes"] << 20,) * 2)
    for row in _run([_Step(**step) for step in told["steps"]], told["seconds"]):
        print(json.dumps(row), file=out, flush=True)


def _run(steps: list[_Step], seconds: float) -> Iterator[dict[str, str]]:
    import math
    from importlib import import_module

    kept = {name: dict(vars(import_module(name))) for name in ("chalkgrad.exercises", "numpy", "math", "builtins")}
    space: dict[str, Any] = {"__name__": "__main__", "math": math}
    before, wrong = dict(space), ""
    for step in steps:
        if step.kind == "answer":
            before, wrong = {name: _copied(value) for name, value in space.items()}, ""
        if step.kind == "checker":
            for name, contents in kept.items():
                vars(import_module(name)).update(contents)
            space.update({name: value for name, value in before.items() if name not in step.open_names})
            space.update({name: kept["chalkgrad.exercises"][name] for name in kept["chalkgrad.exercises"]["__all__"]})
        value, error = _executed(step.source, space, seconds)  # also of a wrong answer: checkers define names for later
        if step.kind == "answer":
            wrong = error
        if step.kind == "checker":
            if wrong or type(value).__name__ != "Verdict":
                words = wrong or error or "the checker gives no verdict"
                yield {"title": step.title, "state": "not yet", "words": words}
            else:
                yield {"title": step.title, "state": str(value.state), "words": str(value.words)}


def _copied(value: Any) -> Any:
    """Return a copy of what an answer could change in place, such as the data."""
    return copy.deepcopy(value) if type(value).__name__ in ("ndarray", "list", "dict", "set") else value


def _executed(source: str, space: dict[str, Any], seconds: float) -> tuple[Any, str]:
    """Run a cell; give the value of its last line, and what went wrong."""

    def late(*_: Any) -> None:
        raise TimeoutError(f"it runs longer than {seconds:g} s")

    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGALRM, late)
        signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        body = ast.parse(source).body
        last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
        exec(compile(ast.Module(body, []), "<cell>", "exec"), space)
        if not isinstance(last, ast.Expr):
            return None, ""
        return eval(compile(ast.Expression(last.value), "<cell>", "eval"), space), ""
    except BaseException as error:
        return None, f"{type(error).__name__}: {error}"
    finally:
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)


if __name__ == "__main__":
    _main()
