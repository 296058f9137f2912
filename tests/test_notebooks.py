"""The course: every notebook has the common form, what is made of them is up to date, and their builder sees faults."""

import io
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nbformat
import numpy as np
import pytest
from IPython.core.inputtransformer2 import TransformerManager
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image

from autograd import __version__
from notebooks import badges, index, running

COURSE = running.chosen([])


@pytest.fixture(params=COURSE, ids=lambda path: path.stem)
def path(request: pytest.FixtureRequest) -> Path:
    return request.param


@pytest.fixture
def notebook(path: Path) -> Any:
    return running.read(path)


def texts(notebook: Any, kind: str) -> list[str]:
    return [cell.source for cell in notebook.cells if cell.cell_type == kind and not badges.installs(cell)]


# -- the form --


def test_the_numbers_go_up_by_one() -> None:
    assert [int(index.card(path).title.split(".")[0]) for path in COURSE] == [int(path.name[:2]) for path in COURSE]


def test_the_first_cell_says_what_it_is_about(path: Path) -> None:
    about = index.card(path)
    assert 20 <= int(about.minutes) <= 75
    assert about.goal.endswith(".") and len(about.goal) <= 200, "the goal is one sentence, for the index"


def test_there_are_questions_exercises_and_sources(notebook: Any) -> None:
    words = "\n".join(texts(notebook, "markdown"))
    assert 3 <= len(re.findall("<summary>Answer</summary>", words)) <= 6
    assert 2 <= len(re.findall(r"^### Exercise \d", words, re.MULTILINE)) <= 3
    assert re.search(r"^## Sources", texts(notebook, "markdown")[-1], re.MULTILINE)
    assert words.count("<details>") == words.count("</details>")
    assert not re.search(r"</summary>\n?[^\n]", words), "without a blank line below there is no Markdown inside"


def test_exercises_come_as_four_cells(notebook: Any) -> None:
    asked = [i for i, cell in enumerate(notebook.cells) if cell.source.startswith("### Exercise")]
    assert asked == [i - 2 for i, cell in enumerate(notebook.cells) if running.CHECKER.search(cell.source)]
    for i in asked:
        _, answer, checker, solution = notebook.cells[i : i + 4]
        assert "..." in answer.source and answer.cell_type == checker.cell_type == "code"
        assert running.SOLUTION.search(solution.source)
        assert running.shown(checker) == "not answered yet"


def test_badges_open_this_notebook_at_the_version_that_its_cell_installs(path: Path, notebook: Any) -> None:
    assert badges.with_badges(notebook, path.name) == notebook, "run `python -m notebooks --index`"
    links = re.findall(r"\[!\[(.*?)\]\((.*?)\)\]\((.*?)\)", notebook.cells[0].source)
    assert [alt for alt, _, _ in links] == ["Open in Colab", "Open in Binder"]
    for _, picture, link in links:
        assert (running.FOLDER / picture).exists()
        assert f"v{badges.RELEASE}" in link and path.name in link
    installing = [cell for cell in notebook.cells if badges.installs(cell)]
    assert installing == [notebook.cells[1]] and f"=={badges.RELEASE}" in installing[0].source


def test_the_release_of_the_badges_is_the_last_or_the_next() -> None:
    changes = (running.ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    released = re.findall(r"^## \[(\d+\.\d+\.\d+)\]", changes, re.MULTILINE)
    assert badges.RELEASE in {released[0], __version__.partition(".dev")[0]}


def test_the_cell_that_installs_does_nothing_where_chalkgrad_is(monkeypatch: pytest.MonkeyPatch) -> None:
    transformed = TransformerManager().transform_cell(badges.INSTALL)
    asked: list[str] = []
    names = {"get_ipython": lambda: SimpleNamespace(run_line_magic=lambda name, line: asked.append(f"{name} {line}"))}
    exec(transformed, names)
    assert asked == []
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    exec(transformed, names)
    assert asked == [f'pip install --quiet "chalkgrad[draw,plot,data,search]=={badges.RELEASE}"']


def test_numbers_are_checked_and_cells_small(notebook: Any) -> None:
    cells = texts(notebook, "code")
    assert any(re.search(r"^\s*assert ", cell, re.MULTILINE) for cell in cells)
    assert all(len(cell.splitlines()) <= 25 for cell in cells)
    assert not any(re.search(r"^\s*(%|!)|pip install|urlopen|requests", cell, re.MULTILINE) for cell in cells)


def test_each_exercise_has_right_and_wrong_answers(notebook: Any) -> None:
    for answer, checker in zip(notebook.cells, notebook.cells[1:], strict=False):
        if running.CHECKER.search(checker.source):
            answers = answer.metadata["answers"]
            assert len(answers["right"]) >= 2 and len(answers["wrong"]) >= 3
            assert len(set(answers["wrong"])) == len(answers["wrong"])


def test_a_reader_may_change_three_things(notebook: Any) -> None:
    assert len(running.tweaks(notebook)) >= 3
    for cell in notebook.cells:
        for changes in cell.metadata.get("tweaks", {}).values():
            assert all(old in cell.source and old != new for old, new in changes.items())


def test_checks_of_the_text_do_not_stop_a_notebook(notebook: Any) -> None:
    """An `assert` at the start of a line stops it; in a block, a loop or a function something else is meant."""
    checkers = {i for i, cell in enumerate(notebook.cells) if running.CHECKER.search(cell.source)}
    for i, cell in enumerate(notebook.cells):
        if cell.cell_type == "code" and i not in checkers:
            assert not re.search(r"^assert ", cell.source, re.MULTILINE), cell.source


def test_pictures_have_a_text(notebook: Any) -> None:
    for cell in notebook.cells:
        if any({"image/png", "image/svg+xml"} & set(output.get("data", {})) for output in cell.get("outputs", [])):
            assert len(cell.metadata.get("alt", "").split()) >= 5, cell.source


def test_a_notebook_says_what_it_is_for_and_what_it_was(notebook: Any) -> None:
    assert "**What you need to know first.**" in notebook.cells[0].source
    assert "**After it you can**" in notebook.cells[0].source
    assert sum(text.startswith("**Summary.**") for text in texts(notebook, "markdown")) == 1


@pytest.mark.slow
def test_wrong_answers_and_tweaks_are_told(tmp_path: Path) -> None:
    def exercise(**answers: list[str]) -> list[Any]:
        cells = [*map(nbformat.from_dict, EXERCISE)]
        cells[1] = new_code_cell("answer = ...", metadata={"answers": answers})
        return cells

    fine = exercise(right=["answer = 1 + 1", "answer = 1\nanswer += 1"], wrong=["answer = 3", "answer = '2'"])
    assert running.run(made(*fine), tmp_path)[1] == []
    (told,) = running.run(made(*exercise(wrong=["answer = 2.0"])), tmp_path)[1]
    assert "says 'right' to a wrong answer" in told
    (told,) = running.run(made(*exercise(right=["answer = 3"])), tmp_path)[1]
    assert "to a right answer" in told
    cell = new_code_cell("a = 2\n1 / a", metadata={"tweaks": {"number": {"a = 2": "a = 0"}, "none": {"b": "c"}}})
    assert running.tweaks(made(cell)) == ["none", "number"]
    assert "ZeroDivisionError" in running.run_tweaked(made(cell), "number", tmp_path)[0]
    assert "is not there" in running.run_tweaked(made(cell), "none", tmp_path)[0]
    says = new_code_cell("from chalkgrad.course import the_text_says\nwith the_text_says:\n    assert 1 == 2")
    assert "a number of the text is not what comes out" in running.run(made(says), tmp_path)[1][0]


def test_what_is_committed_is_a_normalised_run(path: Path, notebook: Any) -> None:
    assert path.stat().st_size < 1_200_000
    assert running.unfit(notebook) == []
    again = nbformat.from_dict(notebook)
    running.normalise(again)
    assert again == notebook, "run `make course`"


def alike_pictures(a: bytes, b: bytes) -> bool:
    """Whether two PNGs are the same but for the version of what wrote them."""
    one, other = (np.asarray(Image.open(io.BytesIO(x)).convert("RGB"), dtype=float) for x in (a, b))
    return one.shape == other.shape and float(np.abs(one - other).mean()) < 4


def test_pictures_that_differ_are_told_apart() -> None:
    one, other = (path.read_bytes() for path in sorted(running.FOLDER.glob("pictures/course-*.png"))[:2])
    assert alike_pictures(one, one) and not alike_pictures(one, other)


def test_the_index_is_that_of_the_notebooks() -> None:
    made = index.index()
    for file, content in made.items():
        same = alike_pictures if file.suffix == ".png" else bytes.__eq__
        assert same(file.read_bytes(), content), f"{file.name}: run `make course`"
    assert set(running.FOLDER.glob("pictures/course-*")) <= set(made), "run `make course`"


# -- the builder sees faults --


EXERCISE = [
    new_markdown_cell("### Exercise 1: two\n\nWhat is 1 + 1?"),
    new_code_cell("answer = ..."),
    new_code_cell("from chalkgrad.exercises import check_value\n\ncheck_value(answer, 1 + 1)"),
    new_markdown_cell("<details><summary>Solution</summary>\n\n```python\nanswer = 2\n```\n\n</details>"),
]


def made(*cells: Any) -> Any:
    return nbformat.from_dict(new_notebook(cells=list(cells)))


@pytest.mark.slow
def test_a_run_is_normalised_the_same_again_and_alike(tmp_path: Path) -> None:
    printing = new_code_cell("answer = 3\nprint(0.5)")
    first, wrong = running.run(made(printing, *EXERCISE, new_code_cell("print(answer)")), tmp_path)
    assert wrong == []
    assert [running.shown(cell) for cell in first.cells if cell.cell_type == "code"] == [
        "0.5", "", "not answered yet", "Ellipsis",  # and not 2: the open cell has run again
    ]  # fmt: skip
    assert [cell.id for cell in first.cells] == [f"cell-{i:02}" for i in range(6)]
    second, _ = running.run(first, tmp_path)
    assert second == first and running.differences(first, second) == []
    second.cells[0].outputs = [new_output("stream", text="0.7\n")]
    assert "committed is\n0.7\na run gives\n0.5" in running.differences(second, first)[0]


@pytest.mark.slow
def test_what_is_wrong_in_a_run_is_told(tmp_path: Path) -> None:
    unsolved = [*EXERCISE[:3], new_markdown_cell(EXERCISE[3].source.replace("= 2", "= 3"))]
    without = EXERCISE[:3]
    answered = [EXERCISE[0], new_code_cell("answer = 2"), *EXERCISE[2:]]
    for cells, words in [
        (unsolved, "says 'not yet: 3 is not it' to the solution"),
        (without, "below a checker comes Markdown"),
        (answered, "says 'right' to the open cell"),
        ([new_code_cell("1 / 0")], "ZeroDivisionError"),
        ([new_code_cell("import warnings\nwarnings.warn('old')")], "writes to stderr"),
        ([new_code_cell("object()")], "shows 'at 0x"),
        ([new_code_cell("import sys; sys.prefix")], "shows '/"),
    ]:
        complaints = running.run(made(*cells), tmp_path)[1]
        assert any(words in complaint for complaint in complaints), words


def test_texts_are_alike_but_for_the_last_digit() -> None:
    for a, b in [("1.25", "1.26"), ("2e-17", "0.0"), ("a  1.0\n", "a 1.0"), ("1.0e-05", "1.1e-05"), ("nan", "nan")]:
        assert running.alike(a, b), (a, b)
    for a, b in [("1.25", "1.27"), ("3 paths", "4 paths"), ("loss 1.0", "cost 1.0"), ("1.0", "1.0 2.0"), ("1", "-1")]:
        assert not running.alike(a, b), (a, b)


def test_cells_that_vary_keep_their_outputs_while_the_code_stays() -> None:
    def timed(code: str, text: str) -> Any:
        cell = new_code_cell(code, metadata={"tags": ["varies"]}, outputs=[new_output("stream", text=text)])
        return made(cell)

    old, new, other = timed("time()", "1 s"), timed("time()", "2 s"), timed("clock()", "3 s")
    assert running.differences(old, new) == []
    running.with_old_times(old, new)
    running.with_old_times(old, other)
    assert (running.shown(new.cells[0]), running.shown(other.cells[0])) == ("1 s", "3 s")


def test_a_first_cell_without_its_parts_is_refused(tmp_path: Path) -> None:
    nbformat.write(made(new_markdown_cell("# 3. Something\n\n**Goal.** None.")), tmp_path / "03_x.ipynb")
    with pytest.raises(ValueError, match="must be like this"):
        index.card(tmp_path / "03_x.ipynb")


def test_a_number_that_is_not_there_is_refused() -> None:
    with pytest.raises(SystemExit, match="no notebook 99"):
        running.chosen(["99"])
