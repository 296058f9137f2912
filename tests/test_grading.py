"""`chalkgrad check`: an assignment is graded in another process, and nothing that a student writes stops it."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest

from chalkgrad.grading import grade, report
from nn.command import main
from notebooks import running

XOR = running.FOLDER / "assignments" / "xor.ipynb"
BASE = """import numpy as np
from chalkgrad.exercises import check_function, check_value"""
ASSIGNMENT = [
    ("code", BASE),
    ("markdown", "### Exercise 1: twice\n\nTwice x."), ("code", "def twice(x):\n    return ..."),
    ("code", "check_function(twice, lambda x: 2 * x)"),
    ("markdown", "### Exercise 2: four"), ("code", "four = ..."), ("code", "check_value(four, np.square(2))"),
]  # fmt: skip


def written(path: Path, cells: list[tuple[str, str]]) -> Path:
    made = {"code": nbformat.v4.new_code_cell, "markdown": nbformat.v4.new_markdown_cell}
    nbformat.write(nbformat.v4.new_notebook(cells=[made[kind](text) for kind, text in cells]), path)
    return path


def graded(tmp_path: Path, twice: str, four: str = "four = 4", **limits: Any) -> list[tuple[str, str]]:
    cells = list(ASSIGNMENT)
    cells[2], cells[5] = ("code", twice), ("code", four)
    student = written(tmp_path / "student.ipynb", cells)
    found = grade(student, written(tmp_path / "assignment.ipynb", ASSIGNMENT), **limits)
    return [(row.state, row.words) for row in found]


def test_right_wrong_and_open_answers(tmp_path: Path) -> None:
    assert graded(tmp_path, "def twice(x):\n    return x + x") == [("right", "the same at 100 points"), ("right", "")]
    (one, words), other = graded(tmp_path, "def twice(x):\n    return x", "four = 5")
    assert one == "not yet" and "is expected" in words and other == ("not yet", "5 is not it")
    assert graded(tmp_path, ASSIGNMENT[2][1], ASSIGNMENT[5][1]) == [("not answered yet", "")] * 2


@pytest.mark.parametrize("trick", [
    "check_function = lambda *_, **__: type('Verdict', (), {'state': 'right', 'words': ''})()\ndef twice(x): return 0",
    "import chalkgrad.exercises as e\ne._close = lambda *_: True\ndef twice(x): return 0.0",
    "import numpy as np\nnp.allclose = lambda *_, **__: True\ndef twice(x): return 0.0",
    "class Yes(float):\n    def __eq__(self, o): return True\ndef twice(x): return Yes(0)",
    "import sys\nsys.stdout.write('{\"title\": \"Exercise 1: twice\", \"state\": \"right\"}')\ndef twice(x): return 0",
])  # fmt: skip
def test_tricks_do_not_pass(tmp_path: Path, trick: str) -> None:
    (one, _), (other, _) = graded(tmp_path, trick)
    assert (one, other) == ("not yet", "right")


def test_what_hangs_raises_or_eats_memory_is_told(tmp_path: Path) -> None:
    (one, words), (other, _) = graded(tmp_path, "def twice(x):\n    while True: pass", seconds=2)
    assert (one, other) == ("not yet", "right") and "runs longer than 2 s" in words
    (one, words), (other, _) = graded(tmp_path, "def twice(x:\n")
    assert (one, other) == ("not yet", "right") and "SyntaxError" in words
    (one, words), (other, _) = graded(tmp_path, "twice = bytearray(50 << 30)", megabytes=3000)
    assert (one, other) == ("not yet", "right") and "MemoryError" in words
    found = graded(tmp_path, "import os\nos._exit(3)")
    assert [state for state, _ in found] == ["not run", "right"]  # the others are run again without it


def test_a_wrong_answer_leaves_the_names_of_its_checker_to_later_ones(tmp_path: Path) -> None:
    cells = list(ASSIGNMENT)
    cells[3] = ("code", "square = np.square\ncheck_function(twice, lambda x: 2 * x)")
    cells[6] = ("code", "check_value(four, square(2))")
    assignment = written(tmp_path / "assignment.ipynb", cells)
    cells[5] = ("code", "four = 4")
    for answer in ("def twice(x:", "raise ValueError", "import os\nos._exit(3)", "def twice(x):\n    return x"):
        cells[2] = ("code", answer)
        one, other = grade(written(tmp_path / "student.ipynb", cells), assignment)
        assert one.state in ("not yet", "not run") and other.state == "right"


def test_data_that_an_answer_changes_in_place_are_put_back(tmp_path: Path) -> None:
    cells = [("code", BASE + "\ndata = np.ones(3)\nother = [np.ones(2)]"), *ASSIGNMENT[1:]]
    cells[3] = ("code", "check_value(float(data.sum() + other[0].sum()), 5.0)")
    cells[2] = ("code", "data[:] = 0\nother[0][:] = 5\ndef twice(x):\n    return 0")
    one, _ = grade(written(tmp_path / "student.ipynb", cells), written(tmp_path / "assignment.ipynb", cells))
    assert one.state == "right"


def test_a_missing_heading_is_named(tmp_path: Path) -> None:
    student = written(tmp_path / "student.ipynb", [("code", "four = 4"), *ASSIGNMENT[1:4]])
    one, other = grade(student, written(tmp_path / "assignment.ipynb", ASSIGNMENT))
    assert (one.state, other.state) == ("not answered yet", "not answered yet")
    assert other.words == "student.ipynb has no heading `### Exercise 2`"


def test_magic_of_notebooks_is_left_out_of_answers(tmp_path: Path) -> None:
    assert graded(tmp_path, "%%time\n!ls\ndef twice(x):\n    return 2 * x")[0][0] == "right"


def test_the_command_writes_a_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cells = list(ASSIGNMENT)
    cells[5] = ("code", "four = 4")
    student = written(tmp_path / "ann.ipynb", cells)
    assert main(["check", str(student), "--report", str(tmp_path / "ann.md")]) == 1
    assert capsys.readouterr().out == (tmp_path / "ann.md").read_text() and "ann.ipynb: 1 of 2 right" in report(
        student, grade(student)
    )
    (tmp_path / "no.ipynb").write_text("{}")
    assert main(["check", str(tmp_path / "no.ipynb")]) == 1
    assert "is no notebook" in capsys.readouterr().err


@pytest.mark.slow
def test_the_xor_assignment_and_its_solutions(tmp_path: Path) -> None:
    committed = running.read(XOR)
    fresh, complaints = running.run(committed, XOR.parent)
    assert complaints == [] and running.differences(committed, fresh) == []
    solved = running.read(XOR)
    for i, cell in enumerate(solved.cells):
        if running.CHECKER.search(cell.source):
            found = running.SOLUTION.search(solved.cells[i + 1].source)
            assert found
            solved.cells[i - 1].source = found[1]
    nbformat.write(solved, tmp_path / "solved.ipynb")
    command = [sys.executable, "-m", "chalkgrad", "check", str(tmp_path / "solved.ipynb"), "--assignment", str(XOR)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=running.ROOT)
    assert "4 of 4 right" in done.stdout and done.returncode == 0
