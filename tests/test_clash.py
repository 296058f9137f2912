"""The other distributions called `autograd` and `nn` are refused, whichever of us is found first."""

import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

import autograd

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
@pytest.mark.parametrize("order", ["other first", "ours first", "editable"])
def test_a_wheel_gets_on_with_the_real_autograd_and_an_editable_install_is_refused(order: str, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"

    def pip(*arguments: str) -> None:
        subprocess.run([python, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments], check=True)

    ours = ("--no-deps", "--editable", str(ROOT)) if order == "editable" else ("--no-deps", str(ROOT))
    packages = [("autograd==1.9.1",), ours]
    for package in reversed(packages) if order == "ours first" else packages:
        pip("install", *package)
    if order == "editable":
        for name in ("chalkgrad", "nn"):
            assert_refused(run(f"import {name}", cwd=tmp_path, python=python), "autograd")
        return
    code = """
import autograd, autograd.numpy, chalkgrad, sys
x = chalkgrad.Value(3.0); (x * x).backward()
assert x.grad == 6.0 == autograd.grad(lambda x: x * x)(3.0)
assert chalkgrad.Value is chalkgrad.autograd.Value and "nn" not in sys.modules
"""
    result = run(code, cwd=tmp_path, python=python)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("first", ["chalkgrad", "autograd", "nn", "chalkgrad.nn.losses"])
def test_both_names_are_one_set_of_modules(first: str, tmp_path: Path) -> None:
    files = [path.relative_to(ROOT) for name in ("autograd", "nn") for path in sorted((ROOT / name).rglob("*.py"))]
    modules = [".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in files]
    code = f"""
import {first}
import sys; from importlib import import_module
import chalkgrad, autograd, nn
loaded = [module for name, module in list(sys.modules.items()) if name.partition(".")[0] in ("autograd", "nn")]
before = {{(module, name): getattr(module, name) for module in loaded for name in getattr(module, "__all__", ())}}
for name in {[m for m in modules if not m.endswith(("__main__", "estimators"))]}:
    module = import_module("chalkgrad." + name)
    assert module is import_module(name) and module.__spec__.name == name, name
for (module, name), value in before.items():  # no submodule takes the place of a function of the same name
    assert getattr(module, name) is value, (module, name)
assert chalkgrad.autograd.Value is autograd.Value is chalkgrad.Value
"""
    result = run(code, ROOT, cwd=tmp_path)
    assert result.returncode == 0, result.stderr


def test_a_pickle_of_an_installed_chalkgrad_is_read_in_a_checkout(tmp_path: Path) -> None:
    code = "import pickle; print(pickle.loads(b'cchalkgrad.autograd.value\\nValue\\n.'))"
    assert run(code, ROOT, cwd=tmp_path).stdout == "<class 'autograd.value.Value'>\n"


@pytest.mark.parametrize("module", ["chalkgrad", "chalkgrad.nn", "nn"])
def test_the_command_is_a_module_of_each_name(module: str, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1"}
    command = [sys.executable, "-m", module, "--version"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == f"chalkgrad {autograd.__version__}\n"


@pytest.mark.parametrize("left", ["import autograd.value", "import numpy, nn", "if x: import autograd"])
def test_an_import_that_the_wheel_could_not_have_stops_its_build(left: str) -> None:
    hook = pytest.importorskip("hatch_build", reason="hatchling is not installed")
    with pytest.raises(ValueError, match=r"a\.py, lines"):
        hook.renamed(left, "a.py")
    assert hook.renamed('from nn.x import y\n"""\n>>> import nn\n"""', "a.py") == (
        'from chalkgrad.nn.x import y\n"""\n>>> from chalkgrad import nn\n"""'
    )


def test_examples_and_messages_use_the_name_that_is_installed() -> None:
    files = [path for name in ("autograd", "nn", "notebooks") for path in (ROOT / name).rglob("*.[pi][yp]*")]
    example = re.compile(r"(?m)^ *(?:>>>|\.\.\.|\") *(?:from|import) (?:autograd|nn)\b|`autograd\.[a-z{]")
    found = [
        f"{path.relative_to(ROOT)}: {line[0]}"
        for path in [ROOT / "README.md", *files]
        if path.suffix in (".py", ".md", ".ipynb")
        for line in example.finditer(path.read_text(encoding="utf-8"))
    ]
    assert not found, "write `from chalkgrad import ...`: " + "; ".join(found)
