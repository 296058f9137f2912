"""The README is short, and what it says can be done: its examples run as doctests, its commands here."""

import re
import shlex
from pathlib import Path

import pytest

from nn.command import main

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
WRITTEN = ["README.md", "CONTRIBUTING.md", "notebooks/start.md", "notebooks/README.md", "notebooks/about/promises.md"]


def commands(path: str) -> list[str]:
    """List the lines that a reader types into a shell."""
    blocks = re.findall(r"```console\n(.*?)```", (ROOT / path).read_text(encoding="utf-8"), re.DOTALL)
    return [line.partition("#")[0].strip("$ ") for block in blocks for line in block.splitlines()]


def test_it_is_read_in_one_go() -> None:
    assert len(README.splitlines()) <= 135
    assert max(map(len, re.sub(r"\(.*?\)", "", README).splitlines())) <= 160


@pytest.mark.parametrize("path", WRITTEN)
def test_every_target_of_make_is_there(path: str) -> None:
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    text = (ROOT / path).read_text(encoding="utf-8")
    named = re.findall(r"(?:`|^\$ )make ((?:[\w-]+ ?)+)", text, re.MULTILINE)
    assert {target for line in named for target in line.split()} <= targets


def test_continuous_integration_runs_the_commands_of_the_readme() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    ran = re.findall(r"^timeout .*?(make .*)$", script, re.MULTILINE)
    assert ran == ["make test", "make test-long", "make demo"]
    assert set(ran) <= set(commands("README.md"))


@pytest.mark.parametrize("path", ["README.md", "notebooks/start.md"])
def test_the_command_line_does_what_is_shown(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [f"{area},{rooms},{2 * area + 10 * rooms}" for area in range(40, 80, 4) for rooms in (1, 2, 3)]
    for name in ("houses.csv", "new.csv"):
        Path(name).write_text("\n".join(["area,rooms,price", *rows]))
    shown = [line for line in commands(path) if line.startswith("chalkgrad ")]
    assert len(shown) >= 3
    for line in shown:
        assert main(shlex.split(line.replace("--epochs 200", "--epochs 2"))[1:]) == 0, line
    assert {"houses.npz", "prices.csv", "graph.svg"} <= {file.name for file in tmp_path.iterdir()}


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", README):
        assert (ROOT / target).exists(), target
