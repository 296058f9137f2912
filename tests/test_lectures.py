"""The lecturer's pack: slides that fit, and notebooks to hand out that give no answer away."""

import base64
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest

from notebooks import lectures, letters, running

COURSE = [*running.chosen([]), *sorted((running.FOLDER / "assignments").glob("*.ipynb"))]


@pytest.fixture(params=COURSE, ids=lambda path: path.stem)
def notebook(request: pytest.FixtureRequest) -> Any:
    return running.read(request.param)


def test_assignments_hold_no_answers(notebook: Any) -> None:
    given = lectures.assignment(notebook)
    text = nbformat.writes(given)
    assert "<summary>" not in text and "answers" not in {key for cell in given.cells for key in cell.metadata}
    checkers = [i for i, cell in enumerate(given.cells) if running.CHECKER.search(cell.source)]
    assert checkers and all("..." in given.cells[i - 1].source for i in checkers)
    assert all(not cell.outputs for cell in given.cells if cell.cell_type == "code")


def test_solutions_stand_in_the_open_cells(notebook: Any) -> None:
    solved = lectures.solution(notebook)
    for i, cell in enumerate(notebook.cells):
        if running.CHECKER.search(cell.source):
            found = running.SOLUTION.search(notebook.cells[i + 1].source)
            assert found and solved.cells[i - 1].source == found[1].rstrip() != notebook.cells[i - 1].source


def test_slides_say_one_thing_each(notebook: Any) -> None:
    made = lectures.slides(notebook)
    assert len(made) >= 5 and all(slide.title and slide.notes for slide in made[:1])
    for slide in made:
        words = re.sub(r"<math.*?</math>|<svg.*?</svg>|<[^>]*>", " ", slide.body, flags=re.DOTALL).split()
        assert len(words) <= 150, slide.title


def test_letters_of_drawings_have_18_points_on_a_slide(notebook: Any) -> None:
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if not (found := lectures.VECTOR.search(output.get("data", {}).get("text/html", ""))):
                continue
            svg, width, _ = letters.enlarged(base64.b64decode(found[1]).decode(), lectures.WIDTH, 550)
            wide, _ = map(float, re.findall(r'(?:width|height)="([\d.]+)"', svg)[:2])
            assert width <= lectures.WIDTH + 1
            texts = re.findall(r"<text[^>]*>", svg)
            sizes = [float((re.search(r'font-size="([\d.]+)"', text) or [0, 12])[1]) for text in texts]
            assert not sizes or min(sizes) * width / wide >= 0.96 * letters.SMALLEST, cell.source


def test_players_are_alive_on_slides() -> None:
    (path,) = running.chosen(["3"])
    bodies = [slide.body for slide in lectures.slides(running.read(path))]
    assert any("srcdoc" in body and "data-chalkgrad-player" in body for body in bodies)


@pytest.mark.slow
def test_slides_fit_the_screen(window: Any, tmp_path: Path) -> None:
    css = tmp_path / "reveal.js" / "dist"
    css.mkdir(parents=True)
    (css / "reveal.css").write_text("")
    page = window.page
    page.set_viewport_size({"width": 1280, "height": 720})
    for path in COURSE[:3]:
        file = tmp_path / f"{path.stem}.html"
        text = lectures.page(lectures.slides(running.read(path)), path.stem)
        file.write_text(re.sub(r"<script.*?</script>|<link[^>]*>", "", text, flags=re.DOTALL), encoding="utf-8")
        page.goto(file.as_uri())
        sizes = page.evaluate("""[...document.querySelectorAll('section')].map(s => {
            s.style.width = '1230px';
            s.querySelectorAll('aside').forEach(x => x.remove());
            return [s.scrollWidth, s.scrollHeight]})""")
        assert all(width <= 1230 and height <= 690 for width, height in sizes), sizes
        small = page.evaluate("""[...document.querySelectorAll('section p, section li, section pre, section td')]
            .filter(x => parseFloat(getComputedStyle(x).fontSize) < 24).length""")
        assert small == 0, "18 points are 24 pixels"
        outside = page.evaluate("""[...document.querySelectorAll('.picture:not(.scroll) > :is(svg, img)')]
            .filter(x => x.getBoundingClientRect().height > 645 || x.getBoundingClientRect().width > 1232).length""")
        assert outside == 0
