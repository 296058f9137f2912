"""What is made of the notebooks: badges, thumbnails, and the page that lists them."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from .badges import with_badges
from .decks import items, table
from .running import FOLDER, chosen, normalise, read

# The index -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Card:
    """What the index says of a notebook; all of it stands in the first cell."""

    file: str
    title: str
    goal: str
    minutes: str

    @property
    def number(self) -> str:
        return self.file[:2]


def card(path: Path) -> Card:
    """Read the first cell: `# 1. Title`, `**Goal.** A sentence.`, `**What you need to know first.** ...`, `**Time.** 30
    minutes.`"""
    text = read(path).cells[0].source
    parts = [re.search(pattern, text, re.DOTALL) for pattern in (
        r"^# (\d+\. [^\n]+)", r"\*\*Goal\.\*\* (.*?)(?:\n\n|$)",
        r"\*\*(?:Before|What you need to know first)\.\*\* (.*?)(?:\n\n|$)",
        r"\*\*Time\.\*\* (\d+) minutes")]  # fmt: skip
    if not all(parts):
        raise ValueError(f"the first cell of {path.name} must be like this: {card.__doc__}")
    title, goal, _, minutes = (" ".join(part[1].split()) for part in parts if part)
    return Card(path.name, title, goal, minutes)


def thumbnail(notebook: Any) -> tuple[str, bytes] | None:
    """Find the picture for the index: of the cell with the tag `thumbnail`, or else the first; small, as SVG or PNG."""
    pictures = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            vector = re.search(r"data:image/svg\+xml;base64,([\w+/=]+)", data.get("text/html", ""))
            if vector:
                pictures.append((cell, ".svg", base64.b64decode(vector[1])))
            elif "image/svg+xml" in data:
                pictures.append((cell, ".svg", data["image/svg+xml"].encode()))
            elif "image/png" in data:
                pictures.append((cell, ".png", base64.b64decode(data["image/png"])))
    tagged = [picture for picture in pictures if "thumbnail" in picture[0].metadata.get("tags", [])]
    if not pictures:
        return None
    _, kind, content = (tagged or pictures)[0]
    return kind, smaller(content) if kind == ".png" else content


def smaller(png: bytes, width: int = 480) -> bytes:
    """Make a PNG no wider than that."""
    from PIL import Image

    image = Image.open(io.BytesIO(png)).convert("RGB")
    image.thumbnail((width, width), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    image.quantize(128).save(out, "PNG", optimize=True)
    return out.getvalue()


def badged(folder: Path = FOLDER) -> dict[Path, bytes]:
    """Write every notebook, in memory, with its badges and the cell that installs Chalkgrad."""
    made = {}
    for path in chosen([], folder):
        notebook = with_badges(read(path), path.name)
        normalise(notebook)
        made[path] = (nbformat.writes(notebook).rstrip("\n") + "\n").encode()
    return made


def index(folder: Path = FOLDER) -> dict[Path, bytes]:
    """Write, in memory, what is made of the notebooks: thumbnails, and the page that lists them."""
    made: dict[Path, bytes] = {}
    rows = ["| | |", "|---|---|"]
    for path in chosen([], folder):
        about = card(path)
        picture = thumbnail(read(path))
        image = ""
        if picture:
            name = f"pictures/course-{about.number}{picture[0]}"
            made[folder / name] = picture[1]
            image = f"[![{about.title}]({name})]({about.file})"
        rows.append(f"| {image} | **[{about.title}]({about.file})** ({about.minutes} minutes)<br>{about.goal} |")
    if (folder / "decks.toml").exists():
        made[folder / "decks.md"] = table(items(folder)).encode()
    made[folder / "README.md"] = (_PAGE + "\n".join(rows) + "\n").encode()
    return made


_PAGE = """# The course

A walk from "what is a derivative" to "why deep". Each notebook is 30 to 75 minutes of class, and runs in seconds:
`pip install ".[all]"` in a checkout, then `jupyter lab`. In each: the idea and a picture before the formula, numbers
that are checked in the notebook itself, questions with hidden answers, exercises with a checker, and the sources.
`make course` runs them all and writes this page. `make site` writes them, with the rest of the documentation, as pages
for the browser. [The gallery](gallery.md) shows what can be drawn.

"""
