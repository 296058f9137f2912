"""The items that the lectures teach, and where the course shows them: `decks.md`, made of `decks.toml` and the cells.

A cell that shows an item names it in its metadata: `items: ["A26", "A32"]`. Nothing else has to be kept.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .running import FOLDER, chosen, read


@dataclass(frozen=True)
class Item:
    """What a lecture teaches: the lecture, what it is, a call of one line, and the cells that show it."""

    deck: str
    name: str
    words: str
    call: str
    cells: tuple[tuple[str, int], ...]


def items(folder: Path = FOLDER) -> list[Item]:
    """List the items of all lectures with their cells: the file of the notebook, and the number of the cell.

    Raises:
        ValueError: a cell names an item that no lecture has.
    """
    decks: dict[str, Any] = tomllib.loads((folder / "decks.toml").read_text(encoding="utf-8"))
    known = {name for deck in decks.values() for name in deck}
    places: dict[str, list[tuple[str, int]]] = {}
    for path in chosen([], folder):
        for number, cell in enumerate(read(path).cells):
            for name in cell.metadata.get("items", []):
                if name not in known:
                    raise ValueError(f"{path.name}, cell {number}: there is no item {name!r} in decks.toml")
                places.setdefault(name, []).append((path.name, number))
    return [
        Item(deck["title"], name, deck[name][0], deck[name][1], tuple(places.get(name, [])))
        for deck in decks.values()
        for name in deck
        if name != "title"
    ]  # fmt: skip


def table(found: list[Item]) -> str:
    """Write the items as Markdown, a table for each lecture."""
    lines = [_HEAD]
    for deck in dict.fromkeys(item.deck for item in found):
        lines += ["", f"## {deck}", "", "| item | where | in one line |", "|---|---|---|"]
        for item in found:
            if item.deck == deck:
                where = ", ".join(f"[{file[:2].lstrip('0')}]({file}), cell {number}" for file, number in item.cells)
                words = item.words.replace("|", r"\|")
                call = f"`{item.call}`".replace("|", r"\|") if item.call else "in words"
                lines.append(f"| {item.name} {words} | {where} | {call} |")
    return "\n".join(lines) + "\n"


_HEAD = """# Where the course shows what the lectures teach

For lecturers: each item of five lectures on neural networks, the notebooks and cells that show it, and a call of one
line. The calls use the names of the library and these: `X, y = nn.datasets.xor()`, `net` and `arrays` are nets for it
(of Values and of Tensors), `e = (a + b) * (b + 1)`, `first` and `second` are shallow nets of one input, `deep` has two
hidden layers. Written by `make course` from `decks.toml` and the metadata of the cells."""
