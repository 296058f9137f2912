"""Plots are drawn on the axes that are asked for, and show what they say."""

import builtins
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import autograd
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


# -- of one input, of parts, of training --


@pytest.mark.parametrize("name", ["relu", "tanh", "gelu", nn.LeakyReLU(slope=0.2), autograd.sin, "linear"])
def test_an_activation_beside_its_derivative(name: Any) -> None:
    ax = plots.activation(name, -2.0, 2.0)
    f, slope = (line for line in ax.lines if len(line.get_xdata()) > 2)
    x, y = f.get_xdata(), f.get_ydata()
    numeric, shown = np.gradient(y, x), slope.get_ydata()
    away = (np.abs(x) > 0.02) & np.isfinite(shown)
    away[[0, -1]] = False
    assert np.allclose(shown[away], numeric[away], atol=1e-4)


def test_the_derivative_jumps_at_a_kink() -> None:
    slope = plots.activation("relu").lines[-1].get_ydata()
    assert np.isnan(slope).sum() == 1 and not np.isnan(plots.activation("gelu").lines[-1].get_ydata()).any()


def test_histograms_of_layers() -> None:
    model = nn.MLP(2, [3, 1], rng=0)
    ax = plots.histograms(model)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        "layers.0 Layer(2, 3, relu): 9", "layers.1 Layer(3, 1, linear): 4",
    ]  # fmt: skip
    with pytest.raises(ValueError, match="has no gradient yet"):
        plots.histograms(model, "grad")
    model([1.0, 2.0])[0].backward()
    assert plots.histograms(model, "grad").get_xlabel() == "gradient"


def test_hidden_units_turn_where_their_sum_is_zero() -> None:
    model = nn.TensorMLP(2, [3, 1], rng=0)
    model[0].load_state_dict({"weight": [[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]], "bias": [-0.3, 0.1, 0.0]})
    axes = plots.hidden_units(model, X, Y, resolution=21)
    assert len(axes) == 3
    line = axes[0].collections[1].get_paths()[0].vertices
    assert np.allclose(line[:, 0], 0.3)
    with pytest.raises(ValueError, match="`layer` is a whole number from 1 to 2, not 3"):
        plots.hidden_units(model, X, layer=3)
    with pytest.raises(ValueError, match="`axes` has 1 axes; 3 are needed"):
        plots.hidden_units(model, X, axes=axes[0])


def test_linear_regions() -> None:
    one, two = nn.MLP(1, [4, 2], rng=0), nn.MLP(2, [4, 1], rng=0)
    for k, neuron in enumerate([*one.layers[0].neurons, *two.layers[0].neurons]):
        neuron.b.data = 0.1 * k - 0.3
    ax = plots.linear_regions(one)
    assert ax.get_title() == f"{len(nn.inspect.regions(one))} linear regions"
    x = ax.lines[0].get_xdata()
    assert np.allclose(ax.lines[0].get_ydata(), one.outputs(x[:, None])[:, 0])
    (shapes,) = plots.linear_regions(two).collections
    assert len(shapes.get_paths()) == len(nn.inspect.regions(two))
    with pytest.raises(ValueError, match="must be finite to be drawn"):
        plots.linear_regions(one, -np.inf)


def test_a_shallow_net_in_four_steps() -> None:
    model = nn.MLP(1, [3, 1], rng=0)
    axes = plots.shallow(model)
    whole = axes[3].lines[0]
    assert np.allclose(whole.get_ydata(), model.outputs(whole.get_xdata()[:, None])[:, 0])
    assert np.allclose(sum(line.get_ydata() for line in axes[2].lines[:3]), whole.get_ydata())
    with pytest.raises(ValueError, match="has 3 layers with weights; a shallow net has 2"):
        plots.shallow(nn.MLP(1, [3, 3, 1], rng=0))
    with pytest.raises(ValueError, match="has 2 inputs and 1 outputs"):
        plots.shallow(nn.MLP(2, [3, 1], rng=0))


def test_learning_curves_of_several_runs() -> None:
    ax = plots.learning_curves({"one": {"loss": [1.0, 0.5]}, "two": nn.History(loss=[2.0, 0.1], val_loss=[1.0, 1.0])})
    assert [line.get_ydata().tolist() for line in ax.lines] == [[1.0, 0.5], [2.0, 0.1]] and ax.get_ylabel() == "loss"
    with pytest.raises(ValueError, match="run 'one' has no list 'accuracy'; it has 'loss'"):
        plots.learning_curves({"one": {"loss": [1.0]}}, "accuracy")
    with pytest.raises(TypeError, match="`runs` maps names to Histories"):
        plots.learning_curves([1.0])  # type: ignore[arg-type]


def test_the_surface_is_the_loss() -> None:
    model = nn.Linear(1, 1, rng=0)
    model.load_state_dict({"weight": [[0.5]], "bias": [0.25]})
    inputs, targets = np.array([[1.0], [2.0], [-1.0]]), np.array([1.0, 3.0, 0.0])
    along = ({"weight": [[1.0]]}, {"bias": [1.0]})
    ax = plots.loss_surface(model, inputs, targets, along=along, reach=2.0, resolution=5)
    assert model.state_dict()["weight"] == 0.5 and model.state_dict()["bias"] == 0.25
    low, high = ax.collections[0].get_clim()
    losses = [np.mean((targets - (0.5 + a) * inputs[:, 0] - (0.25 + b)) ** 2)
              for a in np.linspace(-2, 2, 5) for b in np.linspace(-2, 2, 5)]  # fmt: skip
    assert low == pytest.approx(min(losses)) and high == pytest.approx(max(losses))


@pytest.mark.parametrize("model", [nn.MLP(2, [3, 1], "tanh", rng=0), nn.TensorMLP(2, [3, 1], "tanh", rng=0)])
def test_the_path_of_an_optimiser(model: nn.Module) -> None:
    path: list[Any] = [model.state_dict()]
    nn.fit(model, X, Y, epochs=6, rng=0, callbacks=lambda epoch, logs: path.append(model.state_dict()))
    ax = plots.loss_surface(model, X, Y, path=path, resolution=4)
    walked = next(line for line in ax.lines if len(line.get_xdata()) == 7)
    assert abs(walked.get_xdata()[-1]) < 1e-9 and abs(walked.get_ydata()[-1]) < 1e-9
    again = plots.loss_surface(model, X, Y, rng=3, resolution=3)
    same = plots.loss_surface(model, X, Y, rng=3, resolution=3)
    assert again.collections[0].get_clim() == same.collections[0].get_clim()


def test_a_surface_that_cannot_be_drawn() -> None:
    model = nn.Linear(2, 1, rng=0)
    with pytest.raises(ValueError, match="parallel"):
        plots.loss_surface(model, X, Y, along=({"bias": [1.0]}, {"bias": [2.0]}))
    with pytest.raises(ValueError, match="parameters are dicts with names such as 'weight'"):
        plots.loss_surface(model, X, Y, along=({"nothing": [1.0]}, {"bias": [2.0]}))
    with pytest.raises(ValueError, match="`resolution`"):
        plots.loss_surface(model, X, Y, resolution=1)
