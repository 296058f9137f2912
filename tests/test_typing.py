"""The script of a user: it runs, and mypy finds in it the types that it asserts."""

import runpy
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = ROOT / "tests" / "typing_user.py"


def test_the_script_of_a_user_runs() -> None:
    runpy.run_path(str(SCRIPT))


@pytest.mark.slow
@pytest.mark.parametrize("wrong", ["", "\nassert_type(a * 3, Tensor)\n"])
def test_mypy_finds_the_types_of_a_user(wrong: str, tmp_path: Path) -> None:
    if not find_spec("mypy"):
        pytest.skip("mypy is missing")
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.read_text(encoding="utf-8") + wrong, encoding="utf-8")
    done = subprocess.run([sys.executable, "-m", "mypy", str(script)], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode == 0) == (not wrong), done.stdout
