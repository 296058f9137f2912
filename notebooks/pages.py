"""What is made of the notebooks: thumbnails, the index, the part of the README, and pages for the browser."""

from __future__ import annotations

import base64
import html
import io
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from .badges import with_badges
from .running import FOLDER, KERNEL, chosen, normalise, read

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
    """Write, in memory, all that is made of the notebooks: thumbnails, their page, and the part of the README."""
    made: dict[Path, bytes] = {}
    rows, small = [], []
    for path in chosen([], folder):
        about = card(path)
        picture = thumbnail(read(path))
        image = ""
        if picture:
            name = f"pictures/course-{about.number}{picture[0]}"
            made[folder / name] = picture[1]
            image = f'<img src="{name}" width="260" alt="{html.escape(about.title)}">'
        link = f'<a href="{about.file}">'
        told = f"{link}<b>{html.escape(about.title)}</b></a> ({about.minutes} minutes)<br>{about.goal}"
        rows.append(f"<tr><td>{link}{image}</a></td><td>{told}</td></tr>")
        inner = image.replace('src="', f'src="{folder.name}/').replace("260", "180")
        title = f'<a href="{folder.name}/{about.file}">{inner}<br>{html.escape(about.title)}</a>'
        small.append(f'<td valign="top">{title}<br>{about.goal}</td>')
    made[folder / "README.md"] = (_PAGE + "\n".join(["<table>", *rows, "</table>"]) + "\n").encode()
    readme = folder.parent / "README.md"
    if readme.exists():
        lines = ["<tr>" + "\n".join(small[k : k + 4]) + "</tr>" for k in range(0, len(small), 4)]
        block = "\n".join([_MARKS[0], "<table>", *lines, "</table>", _MARKS[1]])
        text = readme.read_text(encoding="utf-8")
        made[readme] = re.sub("(?s)" + ".*?".join(_MARKS), lambda _: block, text).encode()
    return made


_MARKS = ("<!-- course: written by make course -->", "<!-- end of course -->")
_PAGE = """# The course

A walk from "what is a derivative" to "why deep". Each notebook is 20 to 40 minutes of class, and runs in seconds:
`pip install ".[all]"` in a checkout, then `jupyter lab`. In each: the idea and a picture before the formula, numbers
that are checked in the notebook itself, questions with hidden answers, exercises with a checker, and the sources.
`make course` runs them all and writes this page, `make pages` writes them as pages for the browser, and
[the gallery](gallery.md) shows what can be drawn.

"""


# Pages for the browser -----------------------------------------------------------------------------------------


def export(folder: Path) -> None:
    """Write every notebook as one HTML file without a request to anywhere: pictures inside, formulas as MathML."""
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(mathjax_url="", require_js_url="", jquery_url="")
    exporter.register_filter("markdown2html", rendered)
    folder.mkdir(parents=True, exist_ok=True)
    sheets = {path.stem: read(path) for path in chosen([])}
    for name, file in (("index", "README.md"), ("gallery", "gallery.md")):
        text = nbformat.v4.new_markdown_cell((FOLDER / file).read_text(encoding="utf-8"))
        sheets[name] = nbformat.v4.new_notebook(cells=[text], metadata=KERNEL)
    for name, notebook in sheets.items():
        title = notebook.cells[0].source.partition("\n")[0].lstrip("# ")
        page, _ = exporter.from_notebook_node(notebook, {"metadata": {"name": title}})
        (folder / f"{name}.html").write_text(page, encoding="utf-8")
        print(f"   {folder / name}.html", flush=True)
    shutil.copytree(FOLDER / "pictures", folder / "pictures", dirs_exist_ok=True)


def rendered(markdown: str) -> str:
    """Write Markdown as HTML: formulas as MathML, links to pages."""
    from latex2mathml.converter import convert
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

    class Renderer(IPythonRenderer):
        def inline_math(self, body: str) -> str:
            return convert(body)

        def block_math(self, body: str) -> str:
            return convert(body, display="block")

    text = MarkdownWithMath(renderer=Renderer(escape=False, exclude_anchor_links=True)).render(markdown)
    return re.sub(r'href="(\w+)\.(?:ipynb|md)', r'href="\1.html', text)
