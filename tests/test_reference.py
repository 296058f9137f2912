"""The pages of the documentation name what is there, and the reference names all that is public."""

from __future__ import annotations

import builtins
import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import chalkgrad

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
PAGES = sorted(FOLDER.rglob("*.md"))
DIRECTIVE = re.compile(r"^\.\. public:: (\S+)\n((?:\n|   .*\n)*)", re.MULTILINE)


def found(path: str) -> Any:
    """Return what a dotted path names, such as `chalkgrad.nn.Module.freeze`; raise an AttributeError if nothing."""
    pytest.importorskip("sklearn", reason="scikit-learn is not installed")
    thing: Any = chalkgrad
    for name in path.split(".")[1:]:
        if inspect.ismodule(thing) and not hasattr(thing, name):
            importlib.import_module(f"{thing.__name__}.{name}")
        thing = getattr(thing, name)
    return thing


def documented() -> Iterator[tuple[str, Any]]:
    """List what the directives of the reference document."""
    for page in PAGES:
        for module, names in DIRECTIVE.findall(page.read_text(encoding="utf-8")):
            room = found(module)
            for name in names.split() or room.__all__:
                yield f"{page.name}: {module}.{name}", getattr(room, name)


def public() -> Iterator[tuple[str, Any]]:
    """List the public names: of `chalkgrad`, `chalkgrad.nn`, and the modules of `nn` that are public themselves."""
    nn, ag = chalkgrad.nn, chalkgrad.autograd
    for name in {*ag.__all__, *(name for name in dir(ag) if hasattr(builtins, name) and name[0] != "_")}:
        yield f"chalkgrad.{name}", getattr(ag, name)
    for room in (nn, nn.estimators, *filter(inspect.ismodule, (getattr(nn, name) for name in nn.__all__))):
        for name in room.__all__:
            if hasattr(nn, name) or room is not nn.activations:  # further names there are for the library itself
                yield f"chalkgrad.{room.__name__}.{name}", getattr(room, name)


def test_the_reference_names_all_that_is_public() -> None:
    there = {id(thing) for _, thing in documented()}
    assert len(there) > 250
    assert [name for name, thing in public() if not inspect.ismodule(thing) and id(thing) not in there] == []


def test_nothing_is_documented_twice() -> None:
    seen: dict[str, str] = {}
    for page in PAGES:
        for module, names in DIRECTIVE.findall(page.read_text(encoding="utf-8")):
            for name in names.split():
                assert seen.setdefault(f"{module}.{name}", page.name) == page.name, name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_links_to_names_that_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for path in re.findall(r"\{py:obj\}`[^`<]*<([\w.]+)>`", text):
        found(path)
    for path in re.findall(r"^```\{page\} (\S+)", text, re.MULTILINE):
        assert hasattr(found(f"chalkgrad.nn.{path}")(), "_repr_html_")
