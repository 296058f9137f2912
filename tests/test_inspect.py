"""What is known of a net from its weights alone agrees with what the net computes."""

import math
from typing import Any

import numpy as np
import pytest

import nn
from nn.inspect import compose, joints, merged, regions, signals, through, zaslavsky


def shallow(slopes: list[float], biases: list[float], out: list[float]) -> nn.Sequential:
    first, last = nn.Linear(1, len(slopes), rng=0), nn.Linear(len(slopes), 1, rng=0)
    first.load_state_dict({"weight": [slopes], "bias": biases})
    last.load_state_dict({"weight": [[w] for w in out], "bias": [0.0]})
    return nn.Sequential(first, nn.ReLU(), last)


def folding() -> nn.Sequential:
    """Three hidden units that go up, down and up between -1 and 1, as in Understanding Deep Learning, figure 4.1."""
    return shallow([1.0, 1.0, 1.0], [1.0, 1 / 3, -1 / 3], [3.0, -6.0, 6.0])


def biased(*sizes: int, rng: int, activation: Any = "relu") -> nn.TensorMLP:
    model = nn.TensorMLP(sizes[0], list(sizes[1:]), activation, rng=rng)
    random = np.random.default_rng(rng)
    for name, parameter in model.named_parameters():
        if name.endswith("bias"):
            parameter.data = random.normal(size=parameter.shape)
    return model


def test_zaslavsky() -> None:
    assert [zaslavsky(1, n) for n in range(5)] == [1, 2, 3, 4, 5]
    assert (zaslavsky(2, 3), zaslavsky(2, 4), zaslavsky(10, 50), zaslavsky(3, 2)) == (7, 11, 13432735556, 4)
    for wrong in ((-1, 3), (2.0, 3)):
        with pytest.raises(ValueError, match="`inputs` is a whole number from 0"):
            zaslavsky(*wrong)  # type: ignore[arg-type]


# -- regions --


@pytest.mark.parametrize("sizes", [(1, 6, 1), (1, 4, 4, 2), (1, 3, 3, 3, 1), (2, 6, 1), (2, 4, 4, 3)])
@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "linear"])
@pytest.mark.parametrize("rng", range(3))
def test_in_each_region_the_net_is_the_map_that_is_told(sizes: tuple[int, ...], activation: str, rng: int) -> None:
    model = biased(*sizes, rng=rng, activation=activation)
    found = regions(model, -3.0, 3.0)
    random = np.random.default_rng(rng)
    area = 0.0
    for region in found:
        shares = random.dirichlet(np.ones(len(region.corners)), size=5)
        points = shares @ region.corners
        assert np.allclose(model.outputs(points), points @ region.slope + region.intercept, atol=1e-9)
        x, y = region.corners[:, 0], region.corners[:, -1]
        doubled = float(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)))
        area += float(np.diff(x)[0]) if sizes[0] == 1 else abs(doubled) / 2
    assert area == pytest.approx(6.0 ** sizes[0])
    if len(sizes) == 3:
        assert len(found) <= zaslavsky(sizes[0], sizes[1])


def test_lines_in_general_position_reach_the_bound() -> None:
    model = biased(2, 5, 1, rng=1)
    weight = np.array([[1.0, 0.0, 1.0, 1.0, 2.0], [0.0, 1.0, 1.0, -1.0, 1.0]])
    model[0].load_state_dict({"weight": weight, "bias": [0.1, -0.3, 0.2, 0.7, 0.05]})
    assert len(regions(model, -100.0, 100.0)) == zaslavsky(2, 5)


def test_joints_of_a_shallow_net_are_where_its_units_turn() -> None:
    net = folding()
    assert np.allclose(joints(net), [-1.0, -1 / 3, 1 / 3])
    assert np.allclose(joints(net, -0.5, 0.5), [-1 / 3, 1 / 3])
    both = nn.Sequential(*list(net)[:2], nn.Linear(3, 2, rng=3))
    assert np.allclose(joints(both), joints(net))  # for two outputs in the same places


def test_a_joint_that_cancels_is_none() -> None:
    net = shallow([1.0, 1.0], [0.0, 0.0], [1.0, -1.0])
    assert len(joints(net)) == 0 and len(regions(net)) == 1


def test_a_joint_that_bends_only_a_little_is_one() -> None:
    assert joints(through([0.0, 1.0, 2.0], [0.0, 1e3, 2e3 + 1e-4])).tolist() == [0.0, 1.0]
    assert joints(through([0.0, 1.0, 2.0], [0.0, 1e3, 2e3])).tolist() == [0.0]


def test_a_joint_on_a_border_leaves_no_sliver() -> None:
    zigzag = through([-1, -1 / 3, 1 / 3, 1], [-1, 1, -1, 1])  # -1/3 is no float: folds meet joints only nearly
    found = regions(compose(zigzag, zigzag), -1.0, 1.0)
    assert len(found) == 9 and np.allclose([float(np.ptp(x.corners)) for x in found], 2 / 9)


def test_composing_folds() -> None:
    net = folding()
    deep = compose(net, net)
    assert np.allclose(net.outputs([[-1.0], [-1 / 3], [1 / 3], [1.0]]).ravel(), [0.0, 2.0, 0.0, 2.0])
    centred = shallow([1.0, 1.0, 1.0], [1.0, 1 / 3, -1 / 3], [3.0, -6.0, 6.0])
    centred[2].load_state_dict({"weight": [[3.0], [-6.0], [6.0]], "bias": [-1.0]})
    assert len(regions(compose(centred, centred), -1.0, 1.0)) == 9
    x = np.linspace(-2, 2, 101)[:, None]
    assert np.allclose(deep.outputs(x), net.outputs(net.outputs(x)), atol=1e-12)


def test_deep_linear_nets_collapse() -> None:
    model = nn.Sequential(*(nn.Linear(3, 3, rng=k) for k in range(4)))
    single = merged(model)
    x = np.random.default_rng(0).normal(size=(5, 3))
    assert len(single) == 1 and np.allclose(single.outputs(x), model.outputs(x))
    single[0].weight.data[:] = 0.0
    assert model[0].weight.data.any()


def test_values_are_taken_too() -> None:
    model = nn.MLP(1, [3, 1], rng=1)
    x = [[0.3], [-0.7]]
    assert np.allclose(compose(model, model).outputs(x), model.outputs(model.outputs(x)))
    assert len(regions(model)) == len(regions(model.to_tensors()))


# -- through points --


@pytest.mark.parametrize("n", [2, 3, 20])
def test_a_net_through_points(n: int) -> None:
    random = np.random.default_rng(n)
    x, y = np.sort(random.normal(size=n)), random.normal(size=n)
    net = through(x, y)
    assert np.allclose(net.outputs(x[:, None])[:, 0], y, atol=1e-9)
    between = np.linspace(x[0], x[-1], 200)
    assert np.allclose(net.outputs(between[:, None])[:, 0], np.interp(between, x, y), atol=1e-9)
    assert np.allclose(joints(net), x[:-1]) and net.num_parameters() == 3 * (n - 1) + 1


def test_points_that_no_function_goes_through() -> None:
    with pytest.raises(ValueError, match="`x` must rise from point to point"):
        through([0.0, 0.0], [1.0, 2.0])
    for x, y in (([0.0], [1.0]), ([0.0, 1.0], [1.0]), ([[0.0, 1.0]], [[0.0, 1.0]])):
        with pytest.raises(ValueError, match="rows of two points or more"):
            through(x, y)


# -- signals --


def test_a_residual_layer_is_called_by_its_kind() -> None:
    model = nn.Sequential(nn.Residual(nn.Sequential(nn.Linear(2, 2, rng=0), nn.Tanh())), nn.Linear(2, 1, rng=1))
    assert [x.layer for x in signals(model, [[1.0, 2.0]])] == ["0 Residual", "1 Linear(2, 1)"]


def test_signals_are_those_of_the_layers() -> None:
    model, X = biased(2, 8, 8, 1, rng=0), np.random.default_rng(0).normal(size=(50, 2))
    told = signals(model, X)
    assert [x.layer for x in told] == ["0 Linear(2, 8)", "1 ReLU()", "2 Linear(8, 8)", "3 ReLU()", "4 Linear(8, 1)"]
    assert told[-1].mean == pytest.approx(model.outputs(X).mean()) and told[-1].grad_std == 0.0
    assert 0.1 < told[1].zeros < 0.9 and all(parameter.grad is None for parameter in model.parameters())


def test_small_weights_let_the_signal_vanish_and_good_ones_keep_it() -> None:
    X = np.random.default_rng(0).normal(size=(200, 64))
    ends = {}
    for name, law in (("small", lambda n, m, rng: 0.01 * rng.normal(size=(n, m))), ("he", nn.init.he_uniform)):
        told = signals(nn.TensorMLP(64, [64] * 10 + [1], "relu", rng=np.random.default_rng(1), initializer=law), X)
        ends[name] = told[-2].std
    assert ends["small"] < 1e-8 and 0.1 < ends["he"] < 10


# -- what is wrong --


def test_what_is_wrong_is_said() -> None:
    with pytest.raises(ValueError, match="tanh is not linear on both sides of 0"):
        regions(nn.MLP(1, [3, 1], "tanh", rng=0))
    with pytest.raises(ValueError, match="`model` has 3 inputs"):
        regions(nn.MLP(3, [3, 1], rng=0))
    for low, high, words in ((1.0, -1.0, "`low` must be below `high`"), (math.nan, 1.0, "`low` is nan")):
        with pytest.raises(ValueError, match=words):
            regions(nn.MLP(1, [3, 1], rng=0), low, high)
    with pytest.raises(ValueError, match="both finite for two inputs"):
        regions(nn.MLP(2, [3, 1], rng=0), -math.inf, math.inf)
    with pytest.raises(ValueError, match="its joints are lines"):
        joints(nn.MLP(2, [3, 1], rng=0), -1.0, 1.0)
    with pytest.raises(TypeError, match="`model` is a Module"):
        regions(3.0)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="has no weights"):
        regions(nn.Sequential())
    with pytest.raises(ValueError, match="comes before any weights"):
        regions(nn.ReLU())
    with pytest.raises(ValueError, match="they do not fit"):
        compose(nn.TensorMLP(2, [3, 1]), nn.TensorMLP(2, [3, 1]))
    with pytest.raises(TypeError, match="`second` is a Sequential"):
        compose(nn.ReLU(), nn.TensorMLP(2, [3, 1]))
    with pytest.raises(TypeError, match=r"see `MLP\.to_tensors`"):
        signals(nn.MLP(2, [3, 1]), [[1.0, 2.0]])  # type: ignore[arg-type]
