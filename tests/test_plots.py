"""Plots are drawn on the axes that are asked for, and show what they say."""

import builtins
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import nn
from nn import plots

matplotlib = pytest.importorskip("matplotlib")

X = np.random.default_rng(0).normal(size=(30, 2))
Y = (X[:, 0] > 0).astype(int)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[Any]:
    matplotlib.use("Agg")
    from matplotlib import pyplot

    yield pyplot
    pyplot.close("all")


MODELS = [
    nn.MLP(2, [3, 1], rng=0),
    nn.TensorMLP(2, [3, 1], rng=0),
    nn.TensorMLP(2, [3, 2], rng=0),
    nn.TensorMLP(2, [3, 4], rng=0),
    nn.Neuron(2, "tanh", rng=0),
    nn.Layer(2, 1, rng=0),
]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: repr(model).partition("\n")[0])
@pytest.mark.parametrize("y", [Y, 2 * Y - 1, Y[:, None]])
def test_a_boundary_for_every_model(model: nn.Module, y: np.ndarray) -> None:
    ax = plots.decision_boundary(model, X, y, resolution=12)
    points = ax.collections[-1].get_offsets()
    assert np.array_equal(points, X)
    ax.figure.canvas.draw()


def test_the_boundary_is_where_the_score_is_the_level() -> None:
    model = nn.Linear(2, 1)
    model.load_state_dict({"weight": [[1.0], [0.0]], "bias": [0.0]})
    for level in (0.0, 0.5):
        ax = plots.decision_boundary(model, X, Y, level=level)
        _, line, _ = ax.collections  # the areas, the boundary, the points
        assert np.allclose(line.get_paths()[0].vertices[:, 0], level)


def test_the_learning_curve() -> None:
    history = nn.fit(nn.Linear(2, 1, rng=0), X, Y, epochs=5)
    ax = plots.learning_curve(history)
    assert ax.lines[0].get_ydata().tolist() == history["loss"] and ax.lines[0].get_xdata().tolist() == [1, 2, 3, 4, 5]
    assert ax.get_ylabel() == "loss" and ax.get_yscale() == "log"
    both = plots.learning_curve({"loss": [1.0, 0.0], "validation": [2.0, 1.0]})
    assert both.get_yscale() == "linear"
    assert [text.get_text() for text in both.get_legend().get_texts()] == ["loss", "validation"]


def test_given_axes_are_used(quiet: Any) -> None:
    _, (left, right) = quiet.subplots(1, 2)
    assert plots.decision_boundary(nn.TensorMLP(2, [1]), X, Y, left) is left
    assert plots.learning_curve({"loss": [1.0]}, ax=right) is right


def test_what_is_wrong_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    model = nn.TensorMLP(2, [1])
    with pytest.raises(ValueError, match=r"`X` has shape \(30, 1\); a plane needs two columns"):
        plots.decision_boundary(model, X[:, :1], Y)
    with pytest.raises(ValueError, match="one class for each row"):
        plots.decision_boundary(model, X, Y[:3])
    with pytest.raises(ValueError, match="nothing to draw"):
        plots.learning_curve({"loss": []})
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name.partition(".")[0] == "matplotlib":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=r'pip install "chalkgrad\[plot\]"'):
        plots.learning_curve({"loss": [1.0]})
