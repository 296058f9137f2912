"""Run notebooks in clean kernels, and compare what comes out with what is committed."""

from __future__ import annotations

import base64
import html
import io
import os
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import nbformat

from .badges import installs

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parent

KEPT = ("tags", "alt", "items", "answers", "tweaks", "slide")
"""What stays of a cell's metadata: tags, the text for who cannot see the picture, the items of the lectures that the
cell shows, right and wrong answers of an exercise, changes that a reader may make, and how it stands on a slide."""

SETUP = """
import matplotlib
import matplotlib_inline.backend_inline
matplotlib.rcParams.update({"svg.hashsalt": "chalkgrad", "svg.fonttype": "none"})
matplotlib_inline.backend_inline.set_matplotlib_formats("svg", "png")
"""
"""Run before the first cell: plots become SVG whose text is text, and PNG for those that would be too large as SVG."""

PROJECTOR = 'matplotlib.rcParams.update({"font.size": 15, "lines.linewidth": 2.5, "lines.markersize": 8})'
"""Run after that for slides: with these letters a plot as wide as a slide has 18 points or more."""

LARGEST_SVG = 120_000

SOLUTION = re.compile(r"<summary>Solution</summary>\s*```python\n(.*?)```", re.DOTALL)
CHECKER = re.compile(r"\bcheck_(?:value|function|law)\(")
KERNEL = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
          "language_info": {"name": "python"}}  # fmt: skip


def chosen(numbers: list[str], folder: Path = FOLDER) -> list[Path]:
    """List the notebooks, or those with the given numbers."""
    found = sorted(folder.glob("[0-9][0-9]_*.ipynb"))
    picked = [path for path in found if not numbers or path.name[:2] in {n.zfill(2) for n in numbers}]
    if not picked:
        raise SystemExit(f"no notebook {', '.join(numbers)} among {', '.join(path.name for path in found)}")
    return picked


def read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)


# Running -------------------------------------------------------------------------------------------------------


def run(notebook: Any, folder: Path = FOLDER) -> tuple[Any, list[str]]:
    """Run a copy from top to bottom in a new kernel, and all answers; give it, normalised, and what is wrong."""
    fresh, complaints = _executed(notebook, folder, wrong_exercise)
    normalise(fresh)
    return fresh, complaints + unfit(fresh)


def run_for_slides(path: Path) -> Any:
    """Run a notebook with plots that can be read from the last row; give it as far as it came."""
    fresh, complaints = _executed(read(path), path.parent, None, f"{SETUP}\n{PROJECTOR}")
    print(f"   {path.stem}", *complaints, flush=True)
    normalise(fresh)
    return fresh


def run_tweaked(notebook: Any, name: str, folder: Path = FOLDER) -> list[str]:
    """Run a copy in which some numbers are others; say where it stops."""
    changed = nbformat.from_dict(notebook)
    for i, cell in enumerate(changed.cells):
        for old, new in cell.metadata.get("tweaks", {}).get(name, {}).items():
            if old not in cell.source:
                return [f"cell {i}: the tweak {name!r} changes {old!r}, which is not there"]
            cell.source = cell.source.replace(old, new)
    _, complaints = _executed(changed, folder, None)
    return [f"with another {name}: {complaint}" for complaint in complaints]


def tweaks(notebook: Any) -> list[str]:
    """List the names of a notebook's tweaks."""
    return sorted({name for cell in notebook.cells for name in cell.metadata.get("tweaks", {})})


def _executed(notebook: Any, folder: Path, look: Any, setup: str = SETUP) -> tuple[Any, list[str]]:
    """Run a copy in a new kernel, and call `look` after each cell; stop at an error."""
    try:
        return _executed_once(notebook, folder, look, setup)
    except RuntimeError as error:  # two kernels that start together may choose the same port
        if "Kernel died before replying" not in str(error):
            raise
        return _executed_once(notebook, folder, look, setup)


def _executed_once(notebook: Any, folder: Path, look: Any, setup: str) -> tuple[Any, list[str]]:
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    fresh = nbformat.from_dict(notebook)
    client = NotebookClient(fresh, timeout=300, resources={"metadata": {"path": str(folder)}}, coalesce_streams=True)
    complaints: list[str] = []
    client.extra_arguments = ["--log-level=40"]  # no remarks about encryption
    with client.setup_kernel(env=environment()):
        client.execute_cell(nbformat.v4.new_code_cell(setup), 0)
        fresh.cells[0] = nbformat.from_dict(notebook.cells[0])
        for i, cell in enumerate(fresh.cells):
            if cell.cell_type != "code":
                continue
            try:
                client.execute_cell(cell, i)
                complaints += look(client, i) if look else []
            except CellExecutionError as error:
                complaints.append(f"cell {i} raises {error.ename}: {error.evalue}")
                break
    return fresh, complaints


def environment() -> dict[str, str]:
    """Give the variables of a kernel: it finds the packages of this checkout, and shows figures inline."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**{k: v for k, v in os.environ.items() if k != "MPLBACKEND"}, "PYTHONPATH": os.pathsep.join(paths)}


def wrong_exercise(client: Any, i: int) -> Iterator[str]:
    """If cell i is a checker: it takes the open cell for open, the solution and right answers for right, others not."""
    cells = client.nb.cells
    if not CHECKER.search(cells[i].source):
        return
    solution = SOLUTION.search(cells[i + 1].source) if i + 1 < len(cells) else None
    if shown(cells[i]) != "not answered yet":
        yield f"cell {i}: the checker says {shown(cells[i])!r} to the open cell, not 'not answered yet'"
    if solution is None:
        yield f"cell {i}: below a checker comes Markdown with `<details><summary>Solution</summary>` and its code"
        return
    given = cells[i - 1].metadata.get("answers", {})
    kept = cells[i - 1], cells[i]
    try:
        for verdict, answer in verdicts(client, i, [solution[1], *given.get("right", [])]):
            if not verdict.startswith("right"):
                what = "the solution" if answer == solution[1] else f"a right answer:\n{answer}"
                yield f"cell {i}: the checker says {verdict!r} to {what}, not 'right'"
        for verdict, answer in verdicts(client, i, given.get("wrong", [])):
            if not verdict.startswith("not yet"):
                yield f"cell {i}: the checker says {verdict!r} to a wrong answer:\n{answer}, not 'not yet'"
        client.execute_cell(nbformat.v4.new_code_cell(kept[0].source), i - 1)
    finally:
        cells[i - 1], cells[i] = kept


def verdicts(client: Any, i: int, answers: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Run answers in the place of the open cell, and the checker after each; give what it says."""
    source = client.nb.cells[i].source
    for answer in answers:
        client.execute_cell(nbformat.v4.new_code_cell(answer), i - 1)
        checker = nbformat.v4.new_code_cell(source)
        client.execute_cell(checker, i)
        results = [text for kind, text in outputs(checker) if kind not in ("stdout", "stderr")]
        yield "\n".join(results).strip(), answer


def shown(cell: Any) -> str:
    """Give the text of what a cell shows."""
    return "\n".join(text for _, text in outputs(cell)).strip()


def outputs(cell: Any) -> list[tuple[str, str]]:
    """List the outputs of a cell: of what kind each is, and its text."""
    return [
        (output.get("name") or " ".join(sorted(output.get("data", {}))) or output.output_type,
         output.get("text", "") or output.get("data", {}).get("text/plain", ""))
        for output in cell.get("outputs", [])
    ]  # fmt: skip


def normalise(notebook: Any) -> None:
    """Leave nothing that says when, where and by whom it was run, and make drawings small."""
    notebook.metadata = nbformat.from_dict(KERNEL)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    count = 0
    numbered = (f"cell-{i:02}" for i in range(len(notebook.cells)))
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict({key: cell.metadata[key] for key in KEPT if cell.metadata.get(key)})
        if installs(cell):  # as if it had not run
            cell.execution_count, cell.outputs = None, []
            continue
        cell.id = next(numbered)
        if cell.cell_type != "code":
            continue
        cell.execution_count = count = count + 1
        for output in cell.outputs:
            if "metadata" in output:
                output.metadata = nbformat.from_dict({})
            if output.output_type == "execute_result":
                output.execution_count = count
            data = output.get("data", {})
            if {"text/html", "image/png", "image/svg+xml"} <= set(data):  # a drawing: the HTML holds its SVG
                data["image/png"] = with_a_palette(data["image/png"])
                del data["image/svg+xml"]
                data.pop("application/pdf", None)
            elif {"image/png", "image/svg+xml"} <= set(data):  # a plot
                drawing = for_everybody(data["image/svg+xml"], cell.metadata.get("alt", ""))
                data["image/svg+xml"] = drawing
                del data["image/svg+xml" if len(drawing) > LARGEST_SVG else "image/png"]


def for_everybody(svg: str, alt: str) -> str:
    """Write the SVG of a plot without its date, and with a text for who cannot see it."""
    svg = re.sub(r"(?s)\s*<metadata>.*?</metadata>|<\?xml.*?\?>\s*|<!DOCTYPE.*?>\s*|<!--.*?-->", "", svg)
    svg = re.sub(r"(?<=\.\d\d)\d+", "", re.sub(r"\s+", " ", svg))  # a hundredth of a point is enough
    if not alt or "<title>" in svg:
        return svg
    return re.sub(r"(<svg\b)([^>]*>)", rf'\1 role="img"\2<title>{html.escape(alt)}</title>', svg, count=1)


def with_a_palette(png: str) -> str:
    """Write the PNG of a drawing with 256 colours, which are enough for it: a third of the size."""
    from PIL import Image

    image = Image.open(io.BytesIO(base64.b64decode(png)))
    out = io.BytesIO()
    image.convert("RGB").quantize(256).save(out, "PNG", optimize=True)
    return base64.b64encode(out.getvalue()).decode()


def unfit(notebook: Any) -> list[str]:
    """List what no committed output may hold: warnings, addresses and paths of this machine."""
    places = [str(ROOT), str(Path.home()), sys.prefix, tempfile.gettempdir()]
    complaints = []
    for i, cell in enumerate(notebook.cells):
        for kind, text in outputs(cell):
            if "You can go on with your numbers" in text:
                complaints.append(f"cell {i}: a number of the text is not what comes out: {text.strip():.300}")
            if kind == "stderr":
                complaints.append(f"cell {i} writes to stderr: {text:.300}")
            if found := re.search(r"\bat 0x[0-9a-f]{6,}|" + "|".join(map(re.escape, places)), text):
                complaints.append(f"cell {i} shows {found[0]!r}")
    return complaints


# Comparing -----------------------------------------------------------------------------------------------------

NUMBER = re.compile(r"(-?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)")


def differences(committed: Any, fresh: Any) -> list[str]:
    """List the cells whose outputs are not those of a run: texts, and of which kind the pictures are.

    Pictures themselves are not compared: their bytes are others with each version of Graphviz and matplotlib. What a
    drawn graph shows stands in its text, too.
    """
    complaints = []
    for i, (old, new) in enumerate(zip(committed.cells, fresh.cells, strict=True)):
        if "varies" in old.metadata.get("tags", []):
            continue
        before, after = ([(kind.replace("svg+xml", "png"), text) for kind, text in outputs(x)] for x in (old, new))
        if [kind for kind, _ in before] != [kind for kind, _ in after]:
            complaints.append(f"cell {i}: committed are {[k for k, _ in before]}, a run gives {[k for k, _ in after]}")
        for (_, was), (_, now) in zip(before, after, strict=False):
            if not alike(was, now):
                complaints.append(f"cell {i}: committed is\n{was.rstrip()}\na run gives\n{now.rstrip()}")
    return complaints


def alike(a: str, b: str) -> bool:
    """Whether two texts are the same but for white space, and for the last digit of a number with a point.

    >>> alike("loss 0.1234", "loss  0.1235"), alike("loss 0.1234", "loss 0.1236"), alike("3 paths", "4 paths")
    (True, False, False)
    """
    old, new = NUMBER.split(a), NUMBER.split(b)
    if len(old) != len(new):
        return False
    return all(
        close(x, y) if k % 2 else x.split() == y.split() for k, (x, y) in enumerate(zip(old, new, strict=True))
    )


def close(x: str, y: str) -> bool:
    """Whether two numbers, as printed, differ by one in the last digit at most."""
    if x == y:
        return True
    a, b = Decimal(x), Decimal(y)
    if "." not in x + y and "e" not in (x + y).lower():
        return False
    step = max(Decimal(10) ** int(n.as_tuple().exponent) for n in (a, b))
    return abs(a - b) <= max(step, Decimal("1e-6") * max(abs(a), abs(b)), Decimal("1e-9"))


def with_old_times(committed: Any, fresh: Any) -> None:
    """Keep the outputs of cells that vary, if the code is as it was."""
    codes = [[cell.source for cell in notebook.cells if cell.cell_type == "code"] for notebook in (committed, fresh)]
    if codes[0] == codes[1]:
        for old, new in zip(committed.cells, fresh.cells, strict=True):
            if "varies" in new.metadata.get("tags", []) and old.outputs:
                new.outputs = old.outputs
