"""The course in front ends: what it takes to be shown and run elsewhere."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from notebooks import badges, running

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


def test_formulas_are_mathml_with_space_beside_the_names_of_functions() -> None:
    mathematics = pytest.importorskip("notebooks.site.mathematics", reason="Sphinx is not installed")
    for formula, spaces in ((r"y \ln x", 2), (r"\ln(x)", 0), (r"\log_2 x", 1), (r"a_1 < b", 0)):
        text = mathematics.mathml(formula, "inline")
        assert text.startswith("<math") and text.count("<mspace") == spaces and "&amp;" not in text, formula
    assert 'display="block"' in mathematics.mathml(r"\frac{\partial e}{\partial b}", "block")


@pytest.mark.slow
@pytest.mark.parametrize("path", COURSE[:5], ids=lambda path: path.stem)
def test_marimo_converts_a_notebook_and_runs_it(path: Path, tmp_path: Path) -> None:
    pytest.importorskip("marimo", reason="marimo is not installed")
    script = tmp_path / f"{path.stem}.py"
    environment = {**running.environment(), "MPLBACKEND": "Agg"}
    for command in (["-m", "marimo", "-q", "-y", "convert", str(path), "-o", str(script)], [str(script)]):
        done = subprocess.run([sys.executable, *command], env=environment, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
