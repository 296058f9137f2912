"""Plots are drawn on the axes that are asked for, and show what they say."""

import sys
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
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match="pip install matplotlib"):
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
    with pytest.raises(ValueError, match="both finite"):
        plots.linear_regions(one, -np.inf)


def test_a_shallow_net_in_four_steps() -> None:
    model = nn.MLP(1, [3, 1], rng=0)
    axes = plots.shallow(model)
    whole = axes[3].lines[0]
    assert np.allclose(whole.get_ydata(), model.outputs(whole.get_xdata()[:, None])[:, 0])
    assert np.allclose(sum(line.get_ydata() for line in axes[2].lines[:3]), whole.get_ydata())
    turns = [line.get_xdata()[0] for line in axes[3].lines[2:]]
    assert np.allclose(sorted(turns), nn.inspect.joints(model, -1.0, 1.0))
    with pytest.raises(ValueError, match="has 1 layers with weights; at least 2"):
        plots.shallow(nn.Linear(1, 1))
    with pytest.raises(ValueError, match="has 3 inputs; 1 or 2"):
        plots.shallow(nn.MLP(3, [3, 1], rng=0))


def test_two_hidden_layers_and_two_outputs_in_steps() -> None:
    model = nn.TensorMLP(1, [3, 4, 2], rng=1)
    axes = plots.shallow(model)
    assert [ax.get_title() for ax in axes] == [
        "sums 1", "activations 1", "sums 2", "activations 2", "weighted, output 0", "their sum, output 0",
        "weighted, output 1", "their sum, output 1",
    ]  # fmt: skip
    for k, ax in enumerate(axes[5::2]):
        whole = ax.lines[0]
        assert np.allclose(whole.get_ydata(), model.outputs(whole.get_xdata()[:, None])[:, k])
    turns = {round(float(line.get_xdata()[0]), 6) for line in axes[5].lines[2:]}
    assert {round(x, 6) for x in nn.inspect.joints(model, -1.0, 1.0)} <= turns
    assert len(plots.shallow(nn.TensorMLP(2, [3, 2, 2], rng=1))) == 3 + 3 + 2 + 2 + 2 * (2 + 1)


def test_folding_the_plane_and_two_outputs() -> None:
    plane, two = nn.TensorMLP(2, [3, 1], rng=1), nn.TensorMLP(1, [3, 2], rng=3)
    axes = plots.folding(two, plane)
    assert axes[1].get_title() == "lines of one y" and axes[3].get_title().startswith("together: ")
    zigzag = nn.inspect.through([-1, -1 / 3, 1 / 3, 1], [-1, 1, -1, 1])
    together = plots.folding(two, zigzag)[3]
    for line in together.lines:
        k = ["-", "--"].index(line.get_linestyle())
        assert np.allclose(line.get_ydata(), two.outputs(zigzag.outputs(line.get_xdata()[:, None]))[:, k])


def test_a_shallow_net_over_the_plane() -> None:
    model = nn.TensorMLP(2, [3, 1], rng=0)
    model[0].load_state_dict({"weight": [[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]], "bias": [-0.3, 0.1, 0.0]})
    axes = plots.shallow(model)
    titles = [ax.get_title() for ax in axes]
    assert len(axes) == 10 and titles[0] == "sums, unit 0" and titles[8:] == ["weighted, unit 2", "their sum"]
    _, line = axes[0].collections
    assert np.allclose(line.get_paths()[0].vertices[:, 0], 0.3)
    assert len(axes[9].collections) == 4  # the heights, and the joint of each unit
    with pytest.raises(ValueError, match="`axes` has 4 axes; 10 are needed"):
        plots.shallow(model, axes=axes[:4])


def test_folding() -> None:
    zigzag = nn.inspect.through([-1, -1 / 3, 1 / 3, 1], [-1, 1, -1, 1])
    axes = plots.folding(zigzag, zigzag)
    assert [ax.get_title() for ax in axes] == [
        "first: 3 regions", "the line of x, folded", "second", "together: 9 regions",
    ]  # fmt: skip
    whole = nn.inspect.compose(zigzag, zigzag)
    for line in axes[3].lines:
        assert np.allclose(line.get_ydata(), whole.outputs(line.get_xdata()[:, None])[:, 0])
    layers = [line for line in axes[1].lines if len(line.get_xdata()) == 2]
    assert [line.get_ydata()[0] for line in layers] == [0, 1, 2]
    assert [np.sign(np.diff(line.get_xdata()))[0] for line in layers] == [1, -1, 1]
    rising = nn.inspect.through([-1, 0, 1], [-1, 0, 3])  # stretched, not folded: all on one level
    flat = [line.get_ydata()[0] for line in plots.folding(zigzag, rising)[1].lines]
    assert set(np.ravel(flat)) == {0}
    with pytest.raises(ValueError, match="has 2 inputs and 1 outputs, not 1 and 1"):
        plots.folding(nn.MLP(2, [3, 1], rng=0), zigzag)


def test_rows_as_pictures() -> None:
    rows = np.arange(12.0).reshape(3, 4)
    axes = plots.images(rows, titles=["a", "b"])
    assert [ax.get_title() for ax in axes] == ["a", "b", ""]
    assert axes[1].images[0].get_array().tolist() == [[4.0, 5.0], [6.0, 7.0]]
    assert all(ax.images[0].get_clim() == (0.0, 11.0) for ax in axes)
    assert plots.images(-rows)[0].images[0].get_clim() == (-11.0, 11.0)
    colours = plots.images([[1.0, -1.0, 0.0] * 4], (3, 2, 2))[0].images[0].get_array()
    assert colours.shape == (2, 2, 3) and (colours.min(), colours.max()) == (0.0, 1.0)
    assert plots.images(np.ones((20, 12)), most=2).shape == (2,)  # square, in colour
    with pytest.raises(ValueError, match="`shape` \\(3, 3\\) does not fit rows of 4 numbers"):
        plots.images(rows, (3, 3))
    with pytest.raises(ValueError, match="rows` of 5 numbers are no squares"):
        plots.images(np.ones((2, 5)))


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
    path = [{"weight": [[0.5 + a]], "bias": [0.25 + b]} for a, b in ((2.0, 0.0), (0.0, 1.0), (0.0, 0.0))]
    ax = plots.loss_surface(model, inputs, targets, path=path, resolution=5)
    assert model.state_dict()["weight"] == 0.5 and model.state_dict()["bias"] == 0.25
    low, high = ax.collections[0].get_clim()
    losses = [np.mean((targets - (0.5 + a) * inputs[:, 0] - (0.25 + b)) ** 2)
              for a in np.linspace(-0.3, 2.3, 5) for b in np.linspace(-0.15, 1.15, 5)]  # fmt: skip
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
        plots.loss_surface(nn.Linear(2, 1, initializer="zeros"), X, Y)
    with pytest.raises(ValueError, match="parameters are dicts with names such as 'weight'"):
        plots.loss_surface(model, X, Y, path=[{"nothing": [1.0]}, {"bias": [2.0]}])
    with pytest.raises(ValueError, match="`resolution`"):
        plots.loss_surface(model, X, Y, resolution=1)


# -- of functions, signals, searches --


def test_functions_beside_their_derivatives() -> None:
    axes = plots.functions({"cube": lambda x: x**3, "ramp": autograd.relu}, -1.0, 1.0)
    x = axes[0].lines[0].get_xdata()
    assert np.allclose(axes[0].lines[0].get_ydata(), x**3) and np.allclose(axes[1].lines[0].get_ydata(), 3 * x**2)
    assert np.isnan(axes[1].lines[1].get_ydata()).sum() == 1
    with pytest.raises(ValueError, match="the function 'sum' makes shape"):
        plots.functions({"sum": lambda x: x.sum()})
    with pytest.raises(TypeError, match="`curves` maps names to functions"):
        plots.functions([autograd.relu])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="`low` must be below `high`"):
        plots.functions({"ramp": autograd.relu}, 1.0, 1.0)


def bowl(p: Any) -> Any:
    return p[0] ** 2 + 4.0 * p[1] ** 2


def test_level_lines_with_a_path() -> None:
    path = nn.descend(bowl, [1.0, -0.5], nn.SGD(lr=0.1), steps=4)
    ax = plots.contour(bowl, {"descent": path}, resolution=31)
    assert np.array_equal(ax.lines[0].get_xydata(), path)
    assert ax.get_xlim()[0] < path[:, 0].min() and ax.get_xlim()[1] > path[:, 0].max()
    lines = ax.collections[-1]  # the level lines: on each, the height is the level
    for level, outline in zip(lines.levels[3:], lines.get_paths()[3:], strict=True):
        assert np.allclose(bowl(outline.vertices.T), level, rtol=0.1)
    flat = plots.contour(lambda p: 0.0 * p[0], x=(-1, 1), y=(-1, 1), resolution=3)
    assert not flat.collections


def test_level_lines_that_cannot_be_drawn() -> None:
    with pytest.raises(ValueError, match="give both ends"):
        plots.contour(bowl)
    with pytest.raises(TypeError, match="`x` are the two ends of a side"):
        plots.contour(bowl, x=3, y=(0, 1))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"`y\[0\]` must be below `y\[1\]`"):
        plots.contour(bowl, x=(0, 1), y=(1, 0))
    with pytest.raises(ValueError, match=r"`paths\['one'\]` has shape \(3, 3\)"):
        plots.contour(bowl, {"one": np.zeros((3, 3))})


def test_a_regression() -> None:
    model = nn.TensorMLP(1, [3, 1], rng=0)
    ax = plots.regression({"net": model}, X[:, :1], Y)
    points, curve = ax.lines
    assert np.array_equal(points.get_xydata(), np.stack([X[:, 0], Y], axis=1))
    assert np.allclose(curve.get_ydata(), model.outputs(curve.get_xdata()[:, None])[:, 0])
    with pytest.raises(ValueError, match=r"curves need \(n, 1\)"):
        plots.regression({"net": model}, X, Y)
    with pytest.raises(TypeError, match="`models` maps names to Modules"):
        plots.regression(model, X, Y)  # type: ignore[arg-type]


def test_the_sizes_of_signals() -> None:
    model = nn.TensorMLP(2, [4, 4, 1], "tanh", rng=0)
    found = nn.inspect.signals(model, X)
    forward, backward = plots.signal_sizes({"net": found})
    assert forward.lines[0].get_ydata().tolist() == [signal.std for signal in found]
    assert found[-1].grad_std == 0 and np.isnan(backward.lines[0].get_ydata()[-1])  # no 0 on a logarithmic axis
    assert backward.lines[0].get_ydata()[:-1].tolist() == [signal.grad_std for signal in found[:-1]]
    with pytest.raises(ValueError, match="nothing to draw"):
        plots.signal_sizes({"net": []})
    with pytest.raises(TypeError, match="`runs` maps names to lists of Signals"):
        plots.signal_sizes({"net": [1.0]})  # type: ignore[list-item]


def test_the_outputs_of_layers() -> None:
    model = nn.TensorMLP(2, [4, 4, 1], "tanh", rng=0)
    axes = plots.layer_outputs(model, X)
    stds = [signal.std for signal in nn.inspect.signals(model, X)]
    shown = [f"layer {i}: std {std:.2g}" for i, std in enumerate((stds[1], stds[3]), start=1)]
    assert [ax.get_title() for ax in axes] == shown
    with pytest.raises(ValueError, match="has no hidden layer"):
        plots.layer_outputs(nn.TensorMLP(2, [3]), X)
    with pytest.raises(TypeError, match="`model` is a Sequential"):
        plots.layer_outputs(nn.MLP(2, [3, 1]), X)  # type: ignore[arg-type]


def test_what_a_search_has_tried() -> None:
    results = {"param_lr": [0.001, 0.1, 1.0], "param_width": [4, 8, 16], "param_kind": ["a", "b", "c"],
               "mean_test_score": [0.2, 0.9, 0.5]}  # fmt: skip
    ax = plots.search(results, "lr", "width")
    assert ax.get_xscale() == "log" and ax.get_yscale() == "linear"
    assert ax.lines[0].get_xydata().tolist() == [[0.1, 8.0]]
    with pytest.raises(ValueError, match="no setting 'depth' was searched; there are 'lr', 'width', 'kind'"):
        plots.search(results, "lr", "depth")
    with pytest.raises(TypeError, match="the setting 'kind' is no number"):
        plots.search(results, "lr", "kind")
    with pytest.raises(TypeError, match="`found` is a search that was fitted"):
        plots.search(3, "lr", "width")


def test_snapshots_of_a_training() -> None:
    model, states = nn.TensorMLP(2, [3, 1], rng=0), []
    nn.fit(model, X, Y, "bce_with_logits", epochs=5, rng=0, callbacks=lambda *_: states.append(model.state_dict()))
    before = model.state_dict()
    axes = plots.snapshots(model, {"first": states[0], "last": states[-1]}, X, Y, resolution=12)
    assert [ax.get_title() for ax in axes] == ["first", "last"]
    assert all(np.array_equal(before[name], array) for name, array in model.state_dict().items())
    last = plots.decision_boundary(model, X, Y, resolution=12)
    lines = [ax.collections[1].get_paths()[0].vertices for ax in (*axes, last)]
    assert np.array_equal(lines[1], lines[2]) and not np.array_equal(lines[0], lines[2])
    with pytest.raises(ValueError, match="`states` is empty"):
        plots.snapshots(model, {}, X, Y)
    with pytest.raises(ValueError, match="`state` does not fit"):
        plots.snapshots(model, {"half": {"0.bias": before["0.bias"]}}, X, Y)
    assert np.array_equal(model.state_dict()["0.weight"], before["0.weight"])


def test_a_single_neuron_is_plotted_as_a_net_with_one_output() -> None:
    for inputs in (1, 2):
        unit = nn.Neuron(inputs, "relu", rng=1)
        assert "region" in nn.plots.linear_regions(unit).get_title()
    line = nn.plots.regression({"unit": nn.Neuron(1, "linear", rng=1)}, [[0.0], [1.0]], [0.0, 1.0]).lines[1]
    assert len(line.get_ydata()) == 601
