"""The lecturer's pack, made of the notebooks: slides, handouts, assignments and solutions.

    python -m notebooks --lectures FOLDER [--reveal FOLDER]

- `slides/NN.html`: one idea a slide, for a screen of 1280 x 720; press S for the notes. They need `reveal.js` beside
  them, which `make lectures` takes from npm, and no network. The notebooks are run for
  them, with larger letters in plots.
- `handouts/NN.html`: text and pictures to print, with the questions but not their answers.
- `assignments/NN.ipynb`: exercises with their checkers, without solutions; `solutions/NN.ipynb` with them.
  `chalkgrad check student.ipynb --assignment NN.ipynb` grades what comes back.

A cell with `slide: "skip"` in its metadata stays out of the slides. Drawings of nets and graphs have letters of 18
points: what is too tall for that has a scroll bar. Their remarks go to the notes.
"""

from __future__ import annotations

import base64
import html
import re
import shutil
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from .letters import enlarged
from .running import CHECKER, FOLDER, SOLUTION, chosen, read, run_for_slides, shown

DETAILS = re.compile(r"\s*<details>.*?</details>", re.DOTALL)
QUESTION = re.compile(r"\*\*(Question \d+)\.\*\*(.*?)<details>\s*<summary>\w+</summary>(.*?)</details>", re.DOTALL)
LOOK = "**What to look at.**"
VECTOR = re.compile(r'<img[^>]*src="data:image/svg\+xml;base64,([\w+/=]+)"')
WIDTH = 1220.0  # pixels that a picture may have on a slide
WORDS, LINES, COLUMNS = 45, 12, 78
"""At most so many words of text, or lines and columns of code, on a slide: at 18 points they fit."""


def rendered(markdown: str) -> str:
    """Write Markdown as HTML, with formulas as MathML."""
    from latex2mathml.converter import convert
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

    class Renderer(IPythonRenderer):
        def inline_math(self, body: str) -> str:
            return convert(body)

        def block_math(self, body: str) -> str:
            return convert(body, display="block")

    return str(MarkdownWithMath(renderer=Renderer(escape=False, exclude_anchor_links=True)).render(markdown))


@dataclass
class Slide:
    """A title, what is shown below it as HTML, and what the lecturer says, as Markdown."""

    title: str
    body: str
    notes: str = ""


def slides(notebook: Any) -> list[Slide]:
    """Make the slides of a notebook: one for each picture, formula, table, list, short piece of code and question."""
    first = re.sub(r"\[!\[.*\n?", "", notebook.cells[0].source)  # no badges
    title = first.partition("\n")[0].lstrip("# ")
    goal = re.search(r"\*\*Goal\.\*\* (.*?)(?:\n\n|$)", first, re.DOTALL)
    made = [Slide(title, rendered(goal[1]) if goal else "", first)]
    heading = title
    for k, cell in enumerate(notebook.cells[1:], start=1):
        if cell.metadata.get("slide") == "skip" or "remove-cell" in cell.metadata.get("tags", []):
            continue
        if cell.cell_type == "code":
            made += _of_code(cell, heading, notebook.cells, k)
            continue
        if cell.source.startswith("## Sources"):
            break
        if found := re.findall(r"^#{2,3} (.+)$", cell.source, re.MULTILINE):
            heading = found[-1]
        if heading.startswith("Exercise") and SOLUTION.search(cell.source):
            made[-1].notes += "\n\n" + cell.source
            continue
        made += _of_text(cell.source, heading)
    return made


def _of_code(cell: Any, heading: str, cells: list[Any], k: int) -> Iterator[Slide]:
    """Show a picture, or what a few lines of code print; the code of a picture goes to the notes."""
    after = cells[k + 1].source if k + 1 < len(cells) and cells[k + 1].cell_type == "markdown" else ""
    source, text = f"```python\n{cell.source}\n```", shown(cell)
    notes = f"{DETAILS.sub('', after)}\n\n{source}"
    if CHECKER.search(cell.source) or "..." in cell.source.split():
        return
    for output in cell.get("outputs", []):
        caption = rendered(_sentences(after.replace(LOOK, ""), 22)) if LOOK in after else ""
        whole = output.get("data", {}).get("text/html", "")
        if "data-chalkgrad-player" in whole:
            picture = f'<div class="picture player"><iframe srcdoc="{html.escape(whole)}"></iframe></div>'
        elif vector := VECTOR.search(whole):
            picture, remarks = _drawing(vector[1], cell.metadata.get("alt", ""), 550 if caption else 630)
            notes += "".join(f"\n\n{remark}" for remark in remarks)
        else:
            picture = _picture(output.get("data", {}), cell.metadata.get("alt", ""))
        if picture:
            yield Slide(heading, f'<div class="figure">{picture}{caption}</div>', notes)
            return
    printed = "\n".join(line[:COLUMNS] for line in text.splitlines()[:LINES])
    lines = cell.source.splitlines()
    short = len(lines) + len(printed.splitlines()) <= LINES and max(map(len, lines)) <= COLUMNS
    if printed or short:
        body = f'<pre class="code">{html.escape(cell.source)}</pre>' if short else ""
        body += f'<pre class="printed">{html.escape(printed)}</pre>' if printed else ""
        yield Slide(heading, body, notes)


def _drawing(encoded: str, alt: str, height: float) -> tuple[str, list[str]]:
    """Show a drawing in letters of 18 points, with a scroll bar if it is too tall for that; return its remarks too."""
    svg, width, remarks = enlarged(base64.b64decode(encoded).decode(), WIDTH, height)
    wide, high = map(float, re.findall(r'(?:width|height)="([\d.]+)"', svg)[:2])
    look = "picture scroll" if width / wide * high > height + 1 else "picture"
    data = base64.b64encode(svg.encode()).decode()
    picture = f'<img alt="{html.escape(alt)}" style="width: {width:.0f}px" src="data:image/svg+xml;base64,{data}">'
    return f'<div class="{look}">{picture}</div>', remarks


def _picture(data: dict[str, str], alt: str) -> str:
    """Take the picture of an output, as it stands in a page."""
    picture = ""
    if "image/svg+xml" in data:
        picture = str(data["image/svg+xml"])
    elif "image/png" in data:
        picture = f'<img alt="{html.escape(alt)}" src="data:image/png;base64,{data["image/png"].strip()}">'
    elif "<iframe" in data.get("text/html", ""):
        picture = data["text/html"]
    return picture and f'<div class="picture">{picture}</div>'


def _of_text(source: str, heading: str) -> Iterator[Slide]:
    """Show the formulas, tables, lists and questions of a text, a slide each, or else its first sentences."""
    for name, asked, answer in QUESTION.findall(source):
        yield Slide(name, rendered(asked.strip()), answer.strip())
    plain = QUESTION.sub("", DETAILS.sub("", re.sub(r"^#{1,3} .*$", "", source, flags=re.MULTILINE)))
    if plain.lstrip().startswith(LOOK) or not plain.strip():
        return
    blocks = [block.strip() for block in re.split(r"\n\s*\n", plain) if block.strip()]
    special = [block for block in blocks if block.startswith(("$$", "|", "- ", "1. ", "```"))]
    lead = _sentences(" ".join(blocks[0].split()), WORDS) if blocks[0] not in special else ""
    if not special:
        yield Slide(heading, rendered(lead), plain)
    for block in special:
        for part in _parts(block):
            yield Slide(heading, (rendered(lead) if lead and len(part) < 400 else "") + rendered(part), plain)
        lead = ""


def _parts(block: str) -> list[str]:
    """Divide a list or a chain of formulas that is too long for a slide into several, and shorten the points."""
    if block.startswith("$$") and block.count(r",\quad") > 2:
        formulas = re.split(r",\\quad\s*", block.strip("$ \n"))
        return ["\n\n".join(f"$${formula}$$" for formula in formulas[k : k + 4]) for k in range(0, len(formulas), 4)]
    if not block.startswith(("- ", "1. ")):
        return [block]
    points = re.split(r"\n(?=- |\d\. )", block)
    points = [point[:2] + _sentences(" ".join(point[2:].split()), 24) for point in points]
    return ["\n".join(points[k : k + 4]) for k in range(0, len(points), 4)]


def _sentences(text: str, words: int) -> str:
    """Take whole sentences from the beginning, up to so many words, and at least one."""
    found, taken = re.split(r"(?<=[.?!])\s+(?=[A-Z*$`])", " ".join(text.split("\n\n")[0].split())), ""
    for sentence in found:
        if taken and len((taken + sentence).split()) > words:
            break
        taken += sentence + " "
    return taken.strip().rstrip(":")


def page(made: list[Slide], title: str) -> str:
    """Write slides as a page that shows them with the reveal.js beside it."""
    sections = []
    for number, slide in enumerate(made):
        level = "h1" if number == 0 else "h2"
        notes = f'<aside class="notes">{rendered(slide.notes)}</aside>' if slide.notes else ""
        sections.append(f"<section><{level}>{_inline(slide.title)}</{level}>{slide.body}{notes}</section>")
    return _SLIDES.replace("TITLE", html.escape(title)).replace("SECTIONS", "\n".join(sections))


def _inline(text: str) -> str:
    """Write a title as HTML; a number in front of it is no list."""
    return re.sub(r"^<p>|</p>$", "", rendered(re.sub(r"^(\d+)\. ", r"\1\\. ", text)).strip())


_SLIDES = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>TITLE</title>
<link rel="stylesheet" href="reveal.js/dist/reveal.css"><link rel="stylesheet" href="reveal.js/dist/theme/white.css">
<style>
.reveal { font-family: system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; font-size: 30px; }
.reveal h1, .reveal h2 { font-family: inherit; text-transform: none; font-weight: 600; margin: 0 0 0.6em; }
.reveal h1 { font-size: 56px; } .reveal h2 { font-size: 38px; }
.reveal section { text-align: left; } .reveal p, .reveal li { line-height: 1.35; margin: 0.3em 0; }
.reveal section img { max-width: 1220px; max-height: 560px; margin: 0; }
.reveal h2:has(+ .figure) { font-size: 30px; margin: 0 0 0.2em; }
.reveal .figure { display: flex; flex-direction: column; height: 640px; } .reveal .figure p { font-size: 26px; }
.reveal .picture { flex: 1; min-height: 0; text-align: center; }
.reveal .picture > svg, .reveal .picture > img { width: 100%; height: 100%; max-height: none; object-fit: contain; }
.reveal .picture > img[style] { max-width: none; height: auto; }
.reveal .picture:not(.scroll):has(> img[style]) { display: flex; align-items: center; justify-content: center; }
.reveal .scroll { overflow-y: auto; }
.reveal .picture iframe { width: 100%; height: 100%; border: 0; }
.reveal .player iframe { width: 50%; height: 50%; transform: scale(2); transform-origin: top left; float: left; }
.reveal pre { font-size: 24px; line-height: 1.3; width: 100%; box-sizing: border-box; box-shadow: none;
  margin: 0.3em 0; padding: 0.4em 0.6em; font-family: ui-monospace, "DejaVu Sans Mono", monospace; overflow: hidden; }
.reveal pre.code { background: #f6f8fa; } .reveal pre.printed { border-left: 4px solid #2166ac; }
.reveal table { font-size: 26px; } .reveal table td, .reveal table th { padding: 0.2em 0.6em; }
.reveal code { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: 0.9em; }
</style></head>
<body><div class="reveal"><div class="slides">
SECTIONS
</div></div>
<script src="reveal.js/dist/reveal.js"></script><script src="reveal.js/plugin/notes/notes.js"></script>
<script>Reveal.initialize({width: 1280, height: 720, margin: 0.04, center: false, hash: true, slideNumber: true,
  transition: "none", plugins: [RevealNotes]});</script>
</body></html>
"""


# Notebooks to hand out -----------------------------------------------------------------------------------------


def assignment(notebook: Any) -> Any:
    """Return a copy without outputs, answers and solutions."""
    given = nbformat.from_dict(notebook)
    given.cells = [cell for cell in given.cells if not SOLUTION.search(cell.source)]
    for cell in given.cells:
        cell.metadata.pop("answers", None)
        cell.source = DETAILS.sub("", cell.source)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return given


def solution(notebook: Any) -> Any:
    """Return a copy without outputs, in which each open cell holds its solution."""
    solved = nbformat.from_dict(notebook)
    for cell, checker, after in zip(solved.cells, solved.cells[1:], solved.cells[2:], strict=False):
        if checker.cell_type == "code" and CHECKER.search(checker.source) and (found := SOLUTION.search(after.source)):
            cell.source = found[1].rstrip()
    for cell in solved.cells:
        cell.metadata.pop("answers", None)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return solved


def handout(notebook: Any) -> str:
    """Write text and pictures for the printer: no code, no answers, and lines to write on below each question."""
    from nbconvert import HTMLExporter

    sheet = nbformat.from_dict(notebook)
    lines = '\n\n<div class="write"></div>'
    for cell in sheet.cells:
        if cell.cell_type == "markdown":
            cell.source = re.sub(r"\[!\[.*\n?", "", DETAILS.sub(lambda _: lines, cell.source))
        else:
            cell.outputs = [output for output in cell.outputs if not CHECKER.search(cell.source)]
    exporter = HTMLExporter(mathjax_url="", require_js_url="", jquery_url="", exclude_input=True)
    exporter.exclude_input_prompt = exporter.exclude_output_prompt = True
    exporter.register_filter("markdown2html", rendered)
    title = sheet.cells[0].source.partition("\n")[0].lstrip("# ")
    written, _ = exporter.from_notebook_node(sheet, {"metadata": {"name": title}})
    return str(written).replace("</head>", _PRINT + "</head>", 1)


_PRINT = """<style>
.write { height: 5em; background: repeating-linear-gradient(white 0 1.6em, #999 1.6em 1.65em); margin: 0.5em 0; }
@media print { .jp-Cell { break-inside: avoid; } h2, h3 { break-after: avoid; } }
</style>
"""


def pack(folder: Path, reveal: Path | None = None) -> None:
    """Write slides, handouts, assignments and solutions of all notebooks; `reveal` is the package of reveal.js."""
    for name in ("slides", "handouts", "assignments", "solutions"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    if reveal is not None:
        for part in ("dist", "plugin"):
            shutil.copytree(reveal / part, folder / "slides" / "reveal.js" / part, dirs_exist_ok=True)
    lessons = chosen([])
    with ProcessPoolExecutor(2) as pool:
        for path, shown in zip(lessons, pool.map(run_for_slides, lessons), strict=True):
            title = shown.cells[0].source.partition("\n")[0].lstrip("# ")
            (folder / "slides" / f"{path.stem}.html").write_text(page(slides(shown), title), encoding="utf-8")
            (folder / "handouts" / f"{path.stem}.html").write_text(handout(read(path)), encoding="utf-8")
    for path in [*lessons, *sorted((FOLDER / "assignments").glob("*.ipynb"))]:
        nbformat.write(assignment(read(path)), folder / "assignments" / path.name)
        nbformat.write(solution(read(path)), folder / "solutions" / path.name)
