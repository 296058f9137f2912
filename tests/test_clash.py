"""The other distributions called `autograd` and `nn` are refused, whichever of us is found first."""

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

HIPS_INIT = "def grad(fun, argnum=0): ...\n"
"""The face of the other autograd, as far as it matters here: a package of that name without our modules."""


def run(
    code: str, *path: Path, cwd: Path, python: Path | str = sys.executable
) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh interpreter whose `sys.path` begins with the given directories."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path)), "PYTHONSAFEPATH": "1"}
    return subprocess.run(
        [python, "-c", code], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )


def assert_refused(result: subprocess.CompletedProcess[str], *words: str) -> None:
    """The traceback ends in an ImportError that says all of the words, and both remedies."""
    assert result.returncode == 1, result.stdout + result.stderr
    message = result.stderr.strip().splitlines()[-1]
    assert message.startswith("ImportError: ")
    for word in (*words, "environment of its own", "`pip install /", "`import chalkgrad` outside"):
        assert word in message


@pytest.mark.parametrize("package", ["autograd", "nn"])
@pytest.mark.parametrize(
    "mark",
    ["autograd-1.8.0.dist-info", "nn-0.1.1.dist-info", "nn-0.1.1-py3.11.egg-info", "autograd.egg-info"],
)
def test_a_stranger_in_the_environment_is_named(package: str, mark: str, tmp_path: Path) -> None:
    (tmp_path / mark).mkdir()
    assert_refused(run(f"import {package}", ROOT, tmp_path, cwd=tmp_path), str(tmp_path / mark))


@pytest.mark.parametrize(
    "mark",
    [
        "chalkgrad-0.1.0.dist-info",
        "autograd_gamma-0.5.0.dist-info",
        "nnabla-1.0.dist-info",
        "autograd-notes",
        "nn",
    ],
)
def test_a_neighbour_with_a_similar_name_is_welcome(mark: str, tmp_path: Path) -> None:
    (tmp_path / mark).mkdir()
    result = run("import autograd, nn", ROOT, tmp_path, cwd=tmp_path)
    assert result.returncode == 0, result.stderr


def test_a_path_entry_that_cannot_be_listed_is_passed_over(tmp_path: Path) -> None:
    archive = tmp_path / "library.zip"
    archive.write_bytes(b"")
    result = run("import autograd, nn", ROOT, archive, tmp_path / "missing", cwd=tmp_path)
    assert result.returncode == 0, result.stderr


def test_nn_refuses_an_autograd_that_shadows_ours(tmp_path: Path) -> None:
    shadow = tmp_path / "autograd" / "__init__.py"
    shadow.parent.mkdir()
    shadow.write_text(HIPS_INIT)
    assert_refused(run("import nn", tmp_path, ROOT, cwd=tmp_path), str(shadow))


def test_nn_refuses_an_autograd_that_has_overwritten_ours(tmp_path: Path) -> None:
    copy_packages(tmp_path)
    init = tmp_path / "autograd" / "__init__.py"
    init.write_text(HIPS_INIT)
    assert_refused(run("import nn", tmp_path, cwd=tmp_path), str(init))


def test_nn_refuses_what_uninstalling_the_other_autograd_leaves(tmp_path: Path) -> None:
    copy_packages(tmp_path)
    (tmp_path / "autograd" / "__init__.py").unlink()
    only_the_copy = f"import sys; sys.path[:] = [entry for entry in sys.path if entry != {str(ROOT)!r}]"
    assert_refused(run(f"{only_the_copy}; import nn", tmp_path, cwd=tmp_path), str(tmp_path / "autograd"))


def copy_packages(target: Path) -> None:
    """Copy both packages, as an installation would."""
    for package in ("autograd", "nn"):
        shutil.copytree(ROOT / package, target / package, ignore=shutil.ignore_patterns("__pycache__"))


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.parametrize("order", ["other first", "ours first"])
def test_a_wheel_gets_on_with_the_real_autograd(order: str, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"

    def pip(*arguments: str) -> None:
        subprocess.run(
            [python, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments], check=True
        )

    packages = ["autograd", str(ROOT)]
    for package in packages if order == "other first" else reversed(packages):
        pip("install", package)
    code = """
import autograd, autograd.numpy, chalkgrad, sys
x = chalkgrad.Value(3.0); (x * x).backward()
assert x.grad == 6.0 == autograd.grad(lambda x: x * x)(3.0)
assert chalkgrad.Value is chalkgrad.autograd.Value and "nn" not in sys.modules
"""
    result = run(code, cwd=tmp_path, python=python)
    assert result.returncode == 0, result.stderr


def test_both_names_are_one_set_of_modules(tmp_path: Path) -> None:
    files = [path.relative_to(ROOT) for name in ("autograd", "nn") for path in sorted((ROOT / name).rglob("*.py"))]
    modules = [".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in files]
    code = f"""
import sys; from importlib import import_module
import chalkgrad, autograd
for name in {[m for m in modules if not m.endswith(("__main__", "estimators"))]}:
    module = import_module("chalkgrad." + name)
    assert module is import_module(name) and module.__spec__.name == name, name
assert callable(autograd.primitive) and callable(autograd.drawing.paths)  # no submodule has taken their place
assert chalkgrad.autograd.Value is autograd.Value is chalkgrad.Value
"""
    result = run(code, ROOT, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
