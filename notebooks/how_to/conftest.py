"""The examples of these pages are tests. Their files go to a temporary folder; their classes belong to a module."""

import sys
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(autouse=True)
def as_in_a_notebook(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if "import torch" in request.node.dtest.docstring:
        pytest.importorskip("torch", reason="PyTorch is not installed")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    module = ModuleType("page")
    monkeypatch.setitem(sys.modules, "page", module)
    request.node.dtest.globs = vars(module)
