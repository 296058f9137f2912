"""The course in front ends: as pages in a browser, and what it takes to be shown and run elsewhere."""

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from notebooks import badges, pages, running

COURSE = running.chosen([])

INSTALLED = {
    "chalkgrad", "numpy", "matplotlib", "sympy", "scipy", "sklearn", "optuna", "mnist1d", "IPython", "micrograd",
}  # fmt: skip
"""What `pip install ".[all]"` brings, of what cells may import."""


def htmls(path: Path) -> list[str]:
    return [
        output.data["text/html"]
        for cell in running.read(path).cells
        for output in cell.get("outputs", [])
        if "text/html" in output.get("data", {})
    ]


@pytest.mark.parametrize("path", COURSE, ids=lambda path: path.stem)
def test_a_cell_imports_only_what_is_installed(path: Path) -> None:
    cells = [cell for cell in running.read(path).cells if cell.cell_type == "code" and not badges.installs(cell)]
    code = re.sub(r"^%.*", "", "\n".join(cell.source for cell in cells), flags=re.MULTILINE)
    for node in ast.walk(ast.parse(code)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        assert {name.partition(".")[0] for name in names} <= INSTALLED | set(sys.stdlib_module_names)


@pytest.mark.parametrize("path", COURSE, ids=lambda path: path.stem)
def test_pictures_need_no_script_and_nothing_from_elsewhere(path: Path) -> None:
    for text in htmls(path):
        assert "http://" not in re.sub(r"http://www\.w3\.org/\S+", "", text) and "https://" not in text
        stripped = re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL)  # as where a notebook is not trusted
        assert "<script" not in stripped and "<svg" not in stripped
        assert "<img" in stripped or "<table" in stripped or stripped.strip()


def test_formulas_become_mathml() -> None:
    page = pages.rendered(r"Let $a_1 < b$, and $$\frac{\partial e}{\partial b}$$ `$x$`; [next](02_an.ipynb), $5.")
    assert page.count("<math") == 2 and 'display="block"' in page and "<mfrac>" in page
    assert "<code>$x$</code>" in page and 'href="02_an.html"' in page and "$5." in page


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    pages.export(folder)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("name", [*(path.stem for path in COURSE), "index", "gallery"])
def test_a_page_is_whole_and_asks_for_nothing(window: Any, exported: Path, name: str) -> None:
    page = window.page
    page.goto((exported / f"{name}.html").as_uri())
    page.wait_for_load_state("load")
    assert page.locator("h1").count() == 1
    broken = page.evaluate("[...document.images].filter(x => !x.complete || !x.naturalWidth).map(x => x.outerHTML)")
    assert broken == []
    drawn = page.locator("[data-chalkgrad] svg, [data-chalkgrad-player] svg").count()
    assert drawn + page.locator("img").count() >= 1
    assert page.locator("[data-chalkgrad] > img").count() == 0, "each image has become an SVG with tooltips"
    assert page.locator("merror").count() == 0
    assert page.locator("details[open]").count() == 0
    assert window.is_quiet(), (window.requests, window.messages)


@pytest.mark.slow
def test_a_player_plays_in_a_page(window: Any, exported: Path) -> None:
    (path,) = [path for path in COURSE if path.name.startswith("03")]
    page = window.page
    page.goto((exported / f"{path.stem}.html").as_uri())
    page.get_by_label("last step").first.click()
    assert "step 7 of 7" in page.locator("[aria-live=polite]").first.inner_text()
    assert window.is_quiet()


@pytest.mark.slow
@pytest.mark.parametrize("path", COURSE[:5], ids=lambda path: path.stem)
def test_marimo_converts_a_notebook_and_runs_it(path: Path, tmp_path: Path) -> None:
    pytest.importorskip("marimo", reason="marimo is not installed")
    script = tmp_path / f"{path.stem}.py"
    environment = {**running.environment(), "MPLBACKEND": "Agg"}
    for command in (["-m", "marimo", "-q", "-y", "convert", str(path), "-o", str(script)], [str(script)]):
        done = subprocess.run([sys.executable, *command], env=environment, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
