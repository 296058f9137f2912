"""The items of the lectures: each has a cell of the course that shows it, and its call of one line runs."""

import tomllib
from typing import Any

import matplotlib
import numpy as np
import pytest
from matplotlib import pyplot

import autograd as ag
import nn
from notebooks import decks, running

FOUND = decks.items()


def test_every_item_has_a_place() -> None:
    assert len(FOUND) == 214
    assert [f"{item.name} {item.words}" for item in FOUND if not item.cells] == []


def test_the_numbers_have_no_gaps() -> None:
    for letter, deck in tomllib.loads((running.FOLDER / "decks.toml").read_text(encoding="utf-8")).items():
        assert list(deck) == ["title", *(f"{letter}{k:02}" for k in range(1, len(deck)))]


def test_the_table_is_that_of_the_cells() -> None:
    assert (running.FOLDER / "decks.md").read_text(encoding="utf-8") == decks.table(FOUND), "run `make course`"


@pytest.fixture
def names() -> dict[str, Any]:
    matplotlib.use("Agg")
    found: dict[str, Any] = {name: getattr(ag, name) for name in ag.__all__}
    X, y = nn.datasets.xor()
    a, b = ag.Value(2.0, label="a"), ag.Value(1.0, label="b")
    arrays, deep = nn.TensorMLP(2, [3, 1], "tanh", rng=0), nn.TensorMLP(1, [3, 3, 1], rng=0)
    found |= {"nn": nn, "np": np, "plots": nn.plots, "inspect": nn.inspect, "X": X, "y": y, "a": a, "b": b}
    found |= {"net": nn.MLP(2, [3, 1], "tanh", rng=0), "arrays": arrays, "deep": deep, "e": (a + b) * (b + 1)}
    return found | {"first": nn.TensorMLP(1, [3, 1], rng=1), "second": nn.TensorMLP(1, [3, 1], rng=2)}


@pytest.mark.parametrize("item", [item for item in FOUND if item.call], ids=lambda item: item.name)
def test_the_line_runs(item: decks.Item, names: dict[str, Any]) -> None:
    eval(item.call, names)
    pyplot.close("all")
