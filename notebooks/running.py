"""Run notebooks in clean kernels, and compare what comes out with what is committed."""

from __future__ import annotations

import base64
import io
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import nbformat

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parent

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
    """Run a copy from top to bottom in a new kernel, and all solutions; give it, normalised, and what is wrong."""
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    fresh = nbformat.from_dict(notebook)
    client = NotebookClient(fresh, timeout=300, resources={"metadata": {"path": str(folder)}}, coalesce_streams=True)
    complaints = []
    client.extra_arguments = ["--log-level=40"]  # no remarks about encryption
    with client.setup_kernel(env=environment()):
        for i, cell in enumerate(fresh.cells):
            if cell.cell_type != "code":
                continue
            try:
                client.execute_cell(cell, i)
                complaints += wrong_exercise(client, i)
            except CellExecutionError as error:
                complaints.append(f"cell {i} raises {error.ename}: {error.evalue}")
                break
    normalise(fresh)
    return fresh, complaints + unfit(fresh)


def environment() -> dict[str, str]:
    """Give the variables of a kernel: it finds the packages of this checkout, and shows figures inline."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**{k: v for k, v in os.environ.items() if k != "MPLBACKEND"}, "PYTHONPATH": os.pathsep.join(paths)}


def wrong_exercise(client: Any, i: int) -> Iterator[str]:
    """If cell i is a checker: it says that there is no answer yet, and accepts the solution below."""
    cells = client.nb.cells
    if not CHECKER.search(cells[i].source):
        return
    solution = SOLUTION.search(cells[i + 1].source) if i + 1 < len(cells) else None
    if shown(cells[i]) != "not answered yet":
        yield f"cell {i}: the checker says {shown(cells[i])!r} to the open cell, not 'not answered yet'"
    if solution is None:
        yield f"cell {i}: below a checker comes Markdown with `<details><summary>Solution</summary>` and its code"
        return
    verdict = ""
    kept = cells[i - 1], cells[i]
    for k, source in ((i - 1, solution[1]), (i, cells[i].source), (i - 1, cells[i - 1].source)):
        extra = nbformat.v4.new_code_cell(source)
        client.execute_cell(extra, k)
        verdict = shown(extra) if k == i else verdict
    cells[i - 1], cells[i] = kept
    if not verdict.startswith("right"):
        yield f"cell {i}: the checker says {verdict!r} to the solution, not 'right'"


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
    for i, cell in enumerate(notebook.cells):
        cell.id = f"cell-{i:02}"
        cell.metadata = nbformat.from_dict({"tags": cell.metadata.tags} if cell.metadata.get("tags") else {})
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
        before, after = outputs(old), outputs(new)
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
