"""Optimisers: PyTorch's numbers over 100 steps, for Tensors and for Values."""

from __future__ import annotations

import inspect
import math
import sys
from functools import partial
from typing import Any

import numpy as np
import pytest

import autograd as ag
import nn
from autograd import Tensor, Value
from nn.optim import SGD, Adagrad, Adam, AdamW, ClipNorm, ClipValue, Groups, NAdam, Optimizer, RMSprop

START = np.array([[0.5, -1.5], [2.0, 1.0]])
RULES = [
    (SGD, {"lr": 0.01}),
    (SGD, {"lr": 0.01, "momentum": 0.9}),
    (SGD, {"lr": 0.01, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    (Adagrad, {"lr": 0.1}),
    (Adagrad, {"lr": 0.1, "eps": 0.1, "weight_decay": 0.1}),
    (RMSprop, {"eps": 0.1}),
    (RMSprop, {"lr": 0.003, "alpha": 0.9, "momentum": 0.5, "eps": 0.1, "weight_decay": 0.1}),
    (Adam, {"lr": 0.05}),
    (Adam, {"lr": 0.05, "betas": (0.5, 0.9), "eps": 0.5}),  # with a small eps it is chaotic near the minimum
    (Adam, {}),
    (Adam, {"lr": 0.02, "weight_decay": 0.1}),
    (AdamW, {}),
    (AdamW, {"lr": 0.02, "weight_decay": 0.5}),
    (SGD, {}),
    (SGD, {"lr": 0.01, "momentum": 0.9, "dampening": 0.5}),
    (Adagrad, {"lr": 0.1, "lr_decay": 0.5, "initial_accumulator_value": 0.1, "weight_decay": 0.1}),
    (RMSprop, {"centered": True, "weight_decay": 0.1}),
    (RMSprop, {"centered": True, "momentum": 0.1, "weight_decay": 0.1}),
    (Adam, {"amsgrad": True, "weight_decay": 0.1}),
    (AdamW, {"amsgrad": True, "lr": 0.05}),
    (NAdam, {}),
    (NAdam, {"lr": 0.02, "momentum_decay": 6e-3, "weight_decay": 0.1}),
    (NAdam, {"lr": 0.02, "momentum_decay": 6e-3, "weight_decay": 0.1, "decoupled_weight_decay": True}),
]


def bumpy(x: Any, tanh: Any) -> Any:
    """A function whose gradient turns about, of an array or of its elements."""
    return (x * x * x * x * 0.1 - x * x + tanh(3 * x)) * 1.0


def total(parameters: list[Any]) -> Any:
    """The function of all elements of some Tensors and Values."""
    return sum(bumpy(x, ag.tanh).sum() if x.shape else bumpy(x, ag.tanh) for x in parameters)


def run(optimizer: Any, objective: Any, steps: int = 100) -> None:
    for _ in range(steps):
        optimizer.zero_grad()
        objective().backward()
        optimizer.step()


@pytest.mark.slow
@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize(("rule", "settings"), RULES)
def test_equals_pytorch_over_100_steps(rule: Any, settings: Any, sign: float, monkeypatch: Any) -> None:
    """Up and down; one parameter joins after 7 steps, and one sits out every third step, as some gradients do."""
    torch = pytest.importorskip("torch")
    starts = [START, START[0], 0.3 * START[1]]
    twins, ours = [torch.tensor(x, requires_grad=True) for x in starts], [Tensor(x) for x in starts]

    def objective(parameters: Any, tanh: Any, k: int) -> Any:
        live = [x for i, x in enumerate(parameters) if (i != 1 or k >= 7) and (i != 2 or k % 3)]
        return sum(sign * bumpy(x, tanh).sum() for x in live)

    monkeypatch.setattr(sys.modules[torch.optim.NAdam.__module__], "_get_scalar_dtype", lambda **_: torch.float64)
    theirs = getattr(torch.optim, rule.__name__)(twins, maximize=sign < 0, **settings)
    optimizer = rule(ours, maximize=sign < 0, **settings)
    for k in range(100):
        run(theirs, partial(objective, twins, torch.tanh, k), 1)
        run(optimizer, partial(objective, ours, ag.tanh, k), 1)
    assert optimizer.skipped == [0, 7, 34]
    for x, t in zip(ours, twins, strict=True):
        assert np.allclose(x.data, t.detach().numpy(), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(("rule", "settings"), [
    (SGD, {"lr": 0.01, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01}), (Adagrad, {}), (RMSprop, {}),
    (RMSprop, {"momentum": 0.9, "weight_decay": 0.01}), (Adam, {}), (Adam, {"lr": 0.05, "weight_decay": 0.01}),
    (AdamW, {}),
])  # fmt: skip
@pytest.mark.slow
@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_a_net_equals_pytorchs_over_100_steps(rule: Any, settings: dict[str, Any], activation: str) -> None:
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(5)
    X, y = rng.normal(size=(40, 4)), rng.integers(0, 3, size=40)
    start = [0.5 * rng.normal(size=shape) for shape in ((4, 16), (16,), (16, 3), (3,))]
    ours, theirs = [Tensor(x) for x in start], [torch.tensor(x, requires_grad=True) for x in start]
    tX, ty = torch.tensor(X), torch.tensor(y)

    def our_loss() -> Any:
        return nn.losses.cross_entropy(getattr(ag, activation)(X @ ours[0] + ours[1]) @ ours[2] + ours[3], y)

    def their_loss() -> Any:
        hidden = getattr(torch, activation)(tX @ theirs[0] + theirs[1])
        return torch.nn.functional.cross_entropy(hidden @ theirs[2] + theirs[3], ty)

    run(rule(ours, **settings), our_loss)
    run(getattr(torch.optim, rule.__name__)(theirs, **settings), their_loss)
    for x, t in zip(ours, theirs, strict=True):
        want = t.detach().numpy()
        assert np.abs(x.data - want).max() <= 1e-10 * np.abs(want).max()


@pytest.mark.parametrize(("rule", "settings"), RULES)
def test_values_and_tensors_go_the_same_way(rule: Any, settings: dict[str, Any]) -> None:
    tensor = Tensor(START)
    values = [Value(x) for x in START.ravel()]
    run(rule([tensor], **settings), lambda: bumpy(tensor, ag.tanh).sum())
    run(rule(values, **settings), lambda: sum(bumpy(x, ag.tanh) for x in values))
    assert np.allclose([x.data for x in values], tensor.data.ravel(), rtol=1e-12)
    assert all(type(x.data) is float for x in values)


def test_numbers_by_hand() -> None:
    x = Value(1.0)
    sgd = SGD([x], lr=0.5, momentum=0.5)
    for expected in (0.5, -0.25, -1.125):  # gradient 1; velocities 1, 1.5, 1.75
        sgd.zero_grad()
        (x * 1.0).backward()
        sgd.step()
        assert x.data == expected
    y = Value(1.0)
    adam = Adam([y], lr=0.1, eps=0.0)
    for expected in (0.9, 0.8):
        adam.zero_grad()
        (y * 5.0).backward()
        adam.step()
        assert y.data == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("rule", "settings"), RULES)
def test_float32_stays_and_what_was_computed_keeps_its_numbers(rule: Any, settings: dict[str, Any]) -> None:
    x = Tensor(START, dtype=np.float32)
    out = x * x
    run(rule([x], **settings), lambda: (x * x).sum(), steps=3)
    assert x.dtype == np.float32 and x.data.dtype == np.float32
    out.sum().backward()
    assert np.allclose(out.data, START**2)


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("make", [nn.TensorMLP, nn.MLP])
@pytest.mark.parametrize(("rule", "name", "to"), [
    (SGD, "momentum", 0.9), (RMSprop, "centered", True), (Adam, "amsgrad", True)
])  # fmt: skip
def test_a_setting_switched_on_between_steps_works(rule: Any, name: str, to: Any, make: Any, compiled: bool) -> None:
    X, y = nn.datasets.moons(20, rng=0)
    model, by_hand = make(2, [3, 1], rng=1), nn.TensorMLP(2, [3, 1], rng=1)
    for parameter, data in zip(by_hand.parameters(), make(2, [3, 1], rng=1).to_tensors().parameters()
                               if make is nn.MLP else model.parameters(), strict=True):  # fmt: skip
        parameter.data = data.data.copy()
    optimizer = rule(lr=0.01)
    nn.fit(model, X, y, "mse", optimizer=optimizer, epochs=3, batch_size=None, compiled=compiled,
           callbacks=[lambda epoch, logs: setattr(optimizer, name, to)])  # fmt: skip
    own = Groups(rule(by_hand.parameters(), lr=0.01))
    for k in range(3):
        setattr(own.optimizers[0], name, to if k else getattr(own.optimizers[0], name))
        run(own, lambda: nn.losses.mse(by_hand(X), y[:, None]), steps=1)
    assert np.allclose(model.outputs(X), by_hand.outputs(X), rtol=1e-10)


@pytest.mark.parametrize("rule", [Adam, NAdam])
def test_a_parameter_that_the_loss_does_not_reach_is_skipped_natively_too(rule: Any) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            self.a, self.b, self.late = Tensor([[0.5], [1.0]]), Tensor([0.0]), False

        def forward(self, x: Any) -> Any:
            return (x @ self.a + self.b) if self.late else x @ self.a

    X, y = nn.datasets.moons(20, rng=0)
    found = []
    for compiled in (False, True):
        net = Net()
        optimizer = rule(net.parameters(), lr=0.05, weight_decay=0.1)
        for net.late in (False, True, False, True):
            nn.fit(net, X, y, "mse", optimizer=optimizer, epochs=4, batch_size=None, compiled=compiled)
        assert optimizer.skipped == [0, 8] and optimizer.state_dict()["skipped.1"] == 8
        found.append(np.concatenate([p.data.ravel() for p in net.parameters()]))
        other = rule([Tensor(p.data) for p in net.parameters()])
        other.load_state_dict(optimizer.state_dict())
        assert other.skipped == [0, 8]
    assert np.allclose(*found, rtol=1e-12)


def test_a_parameter_without_a_gradient_is_left_alone() -> None:
    x, y = Value(1.0), Value(2.0)
    (x * x).backward()
    SGD([x, y], lr=0.1).step()
    assert (x.data, y.data) == (0.8, 2.0)


def test_gradients_with_a_graph_are_taken_as_numbers() -> None:
    for x in (Value(1.0), Tensor([1.0])):
        (x * x).backward(create_graph=True)
        SGD([x], lr=0.1).step()
        assert np.ravel(x.data).tolist() == [0.8]


def test_a_rate_may_be_a_function_of_the_step() -> None:
    seen = []
    x = Value(1.0)

    def rate(step: int) -> float:
        seen.append(step)
        return 0.5**step

    run(SGD([x], lr=rate), lambda: x * 1.0, steps=3)
    assert seen == [0, 1, 2] and x.data == 1 - 1 - 0.5 - 0.25


def test_parameters_may_come_later_but_only_once() -> None:
    optimizer = SGD(lr=0.1)
    with pytest.raises(RuntimeError, match="no parameters yet"):
        optimizer.step()
    model = nn.Linear(2, 1)
    optimizer.bind(model.parameters())
    optimizer.bind(model.parameters())
    with pytest.raises(ValueError, match="belongs to 2 other parameters"):
        optimizer.bind(nn.Linear(2, 1).parameters())
    assert repr(optimizer) == "SGD(lr=0.1, momentum=0.0; 3 parameters, 0 steps)"


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        (0.1, TypeError, "`model.parameters()`"),
        (Value(1.0), TypeError, "in a list"),
        ([1.0], TypeError, "a Value or Tensor that you made"),
        ([Value(1.0, requires_grad=False)], TypeError, "not a constant"),
        ([Value(1.0) * 2], TypeError, "not a result"),
        ([], ValueError, "empty"),
        ([Value(1.0)] * 2, ValueError, "twice"),
    ],
)
def test_wrong_parameters_are_refused(parameters: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message.replace("(", r"\(").replace(")", r"\)")):
        SGD(parameters, lr=0.1)


@pytest.mark.parametrize(
    ("rule", "settings", "name"),
    [
        (SGD, {"lr": -0.1}, "lr"),
        (SGD, {"lr": float("nan")}, "lr"),
        (SGD, {"lr": "fast"}, "lr"),
        (SGD, {"lr": 0.1, "momentum": 1.0}, "momentum"),
        (Adam, {"betas": (0.9, 1.0)}, r"betas\[1\]"),
        (Adam, {"eps": -1e-8}, "eps"),
    ],
)
def test_wrong_settings_are_refused(rule: Any, settings: dict[str, Any], name: str) -> None:
    with pytest.raises((ValueError, TypeError), match=f"`{name}` is "):
        rule(**settings)


def test_no_gradient_yet_and_no_eps_is_no_step_instead_of_0_by_0() -> None:
    for rule in (Adam, AdamW, RMSprop, Adagrad):
        x, y = Value(1.0), Tensor([1.0, 2.0])
        optimizer = rule([x, y], lr=0.1, eps=0.0)
        optimizer.zero_grad()
        (x * 0.0 + (y * np.array([0.0, 1.0])).sum()).backward()
        optimizer.step()
        decay = 1 - 0.1 * optimizer.weight_decay
        assert x.data == decay and y.data[0] == decay and y.data[1] < 1.95


@pytest.mark.parametrize("rule", [Adam, RMSprop, Adagrad])
@pytest.mark.parametrize("make", [Value, lambda x: Tensor([x])])
def test_a_square_that_overflows_is_said_and_nothing_changes(rule: Any, make: Any) -> None:
    x, y = make(1.0), Value(2.0)
    optimizer = rule([y, x], lr=0.1)
    run(optimizer, lambda: (x * y).sum() if isinstance(x, Tensor) else x * y, steps=2)
    before, start = optimizer.state_dict(), (np.ravel(x.data).tolist(), y.data)
    with pytest.raises(FloatingPointError, match=r"would make `.*` of .* infinite or NaN, so nothing was changed"):
        run(optimizer, lambda: ((x + y) * 1e200).sum() if isinstance(x, Tensor) else (x + y) * 1e200, steps=1)
    assert (np.ravel(x.data).tolist(), y.data) == start
    assert str(optimizer.state_dict()) == str(before) and optimizer.steps == 2


def test_nan_is_refused_before_it_spreads() -> None:
    x = Tensor([1.0, 2.0], label="weight")
    x.grad = np.array([0.0, np.nan])
    with pytest.raises(FloatingPointError, match="would make weight infinite or NaN"):
        SGD([x], lr=0.1).step()
    assert x.data.tolist() == [1.0, 2.0]


@pytest.mark.parametrize(("rule", "settings"), RULES)
def test_a_rule_is_pure_and_the_same_on_floats_arrays_and_nodes(rule: Any, settings: dict[str, Any]) -> None:
    optimizer = rule(**{"lr": 0.05, **settings}, clip=ClipNorm(1.0))
    rng = np.random.default_rng(0)
    parameter, grad = rng.normal(size=(2, 5))
    states = {"floats": [optimizer.start(x) for x in parameter.tolist()], "array": [optimizer.start(parameter)]}
    states["nodes"] = [{name: Tensor(x) for name, x in states["array"][0].items()}]
    data: dict[str, Any] = {"floats": parameter.tolist(), "array": [parameter.copy()], "nodes": [Tensor(parameter)]}
    grads: dict[str, Any] = {"floats": grad.tolist(), "array": [grad.copy()], "nodes": [Tensor(grad)]}
    for t in (1, 2, 3):
        kept = {key: ([np.array(getattr(x, "data", x)) for x in data[key]], str(states[key])) for key in data}
        for key in data:
            rate, step = (Value(0.05), Value(float(t))) if key == "nodes" else (0.05, t)
            new, news = optimizer.updates(data[key], grads[key], states[key], [rate], step)
            assert all(np.array_equal(getattr(x, "data", x), y) for x, y in zip(data[key], kept[key][0], strict=True))
            assert str(states[key]) == kept[key][1]
            data[key], states[key] = new, news
    assert all(isinstance(x, ag.Node) for x in data["nodes"] + list(states["nodes"][0].values()))
    assert np.allclose(data["floats"], data["array"][0], rtol=1e-14, atol=0)
    assert np.allclose(data["nodes"][0].data, data["array"][0], rtol=1e-14, atol=0)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["values", "tensors"])
@pytest.mark.parametrize(("clip", "theirs"), [(ClipNorm(0.5), "clip_grad_norm_"), (ClipValue(0.1), "clip_grad_value_")])
def test_clipping_equals_pytorch(clip: Any, theirs: str, kind: str) -> None:
    torch = pytest.importorskip("torch")
    twin = [torch.tensor(row, requires_grad=True) for row in START]
    other = torch.optim.SGD(twin, lr=0.1)
    ours: Any = [Tensor(row) for row in START] if kind == "tensors" else [Value(x) for x in START.ravel()]
    optimizer = SGD(ours, lr=0.1, clip=clip)
    for _ in range(100):
        other.zero_grad()
        sum(bumpy(x, torch.tanh).sum() for x in twin).backward()
        getattr(torch.nn.utils, theirs)(twin, clip.limit)
        other.step()
        run(optimizer, lambda: total(ours), steps=1)
    have = np.concatenate([np.ravel(x.data) for x in ours])
    want = np.concatenate([t.detach().numpy() for t in twin])
    assert np.allclose(have, want, rtol=1e-10, atol=1e-12)


def test_clipping_of_huge_gradients_does_not_overflow() -> None:
    x, y = Tensor([0.0], dtype=np.float32), Value(0.0)
    x.grad, y.grad = np.array([3e30], np.float32), 4e30
    SGD([x, y], lr=1.0, clip=ClipNorm(1.0)).step()
    assert x.data[0] == pytest.approx(-0.6) and y.data == pytest.approx(-0.8) and x.dtype == np.float32


@pytest.mark.slow
def test_groups_equal_pytorchs() -> None:
    torch = pytest.importorskip("torch")
    twin = [torch.tensor(row, requires_grad=True) for row in START]
    groups = [{"params": twin[:1], "lr": 0.05, "weight_decay": 0.1}, {"params": twin[1:], "lr": 0.01, "eps": 0.1}]
    run(torch.optim.Adam(groups), lambda: sum(bumpy(x, torch.tanh).sum() for x in twin))
    ours = [Tensor(row) for row in START]
    optimizer = Groups(Adam(ours[:1], lr=0.05, weight_decay=0.1), Adam(ours[1:], lr=lambda step: 0.01, eps=0.1))
    run(optimizer, lambda: sum(bumpy(x, ag.tanh).sum() for x in ours))
    for x, t in zip(ours, twin, strict=True):
        assert np.allclose(x.data, t.detach().numpy(), rtol=1e-10, atol=1e-12)
    assert optimizer.rates() == [0.05, 0.01] and optimizer.steps == 100
    assert repr(optimizer).startswith("Groups(Adam(lr=0.05, weight_decay=0.1, betas=(0.9, 0.999), eps=1e-08), Adam(")


def test_groups_may_differ_in_rule_and_are_clipped_together() -> None:
    x, y = Value(0.0), Value(0.0)
    optimizer = Groups(SGD([x], lr=1.0), SGD([y], lr=0.1, momentum=0.9), clip=ClipNorm(1.0))
    run(optimizer, lambda: 3 * x + 4 * y, steps=1)
    assert (x.data, y.data) == (pytest.approx(-0.6), pytest.approx(-0.08))
    assert list(optimizer.state_dict()) == ["kind", "steps", "lr.0", "lr.1", "velocity.1"]
    with pytest.raises(ValueError, match="twice"):
        Groups(SGD([x], lr=1.0), SGD([x], lr=0.1))
    with pytest.raises(TypeError, match="see `Groups`"):
        SGD([{"params": [x], "lr": 1.0}], lr=0.1)
    with pytest.raises(TypeError, match="`optimizers` are optimisers"):
        Groups([x])  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="no parameters yet"):
        Groups(SGD(lr=1.0))


@pytest.mark.parametrize(("rule", "settings"), RULES)
@pytest.mark.parametrize("make", [lambda: [Tensor(START)], lambda: [Value(x) for x in START.ravel()]])
def test_state_goes_round_to_the_bit(rule: Any, settings: dict[str, Any], make: Any) -> None:
    def train(parameters: list[Any], optimizer: Any, steps: int) -> None:
        run(optimizer, lambda: total(parameters), steps)

    ours, other = make(), make()
    one, two = rule(ours, **settings), rule(other, **{**settings, "lr": 0.5})
    train(ours, one, 7)
    state = one.state_dict()
    assert all(type(x) in (int, float, np.ndarray) for name, x in state.items() if name != "kind")
    for x, y in zip(ours, other, strict=True):
        y.data = x.data
    two.load_state_dict(state)
    train(ours, one, 5)
    train(other, two, 5)
    assert all(np.array_equal(x.data, y.data) for x, y in zip(ours, other, strict=True))
    assert str(one.state_dict()) == str(two.state_dict()) and state["steps"] == 7


def test_a_state_that_does_not_fit_changes_nothing() -> None:
    adam = Adam([Tensor([1.0, 2.0]), Value(1.0)], lr=0.1)
    before = adam.state_dict()
    bad = {**before, "m.0": np.zeros(3), "v.1": "x", "steps": 1.5, "more": 1}
    del bad["v.0"]
    with pytest.raises(ValueError, match="nothing was changed") as caught:
        adam.load_state_dict(bad)
    for complaint in ("missing: 'v.0'", "unexpected: 'more'", "shape: 'm.0' is (3,)", "'v.1' holds", "'steps' holds"):
        assert complaint in str(caught.value)
    assert str(adam.state_dict()) == str(before)
    with pytest.raises(TypeError, match="`state` is a dict"):
        adam.load_state_dict([1])  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="no parameters yet"):
        Adam().load_state_dict(before)


def test_a_rule_of_your_own() -> None:
    class Signs(Optimizer):
        def update(self, parameter: Any, grad: Any, state: Any, lr: Any, t: Any) -> Any:
            return parameter - lr * ag.sign(grad), state

    x = Tensor([1.0, 2.0])
    run(Signs([x], lr=0.5), lambda: (x * np.array([3.0, -4.0])).sum(), steps=2)
    assert x.data.tolist() == [0.0, 3.0]

    class Torn(Optimizer):
        def update(self, parameter: Any, grad: Any, state: Any, lr: Any, t: Any) -> Any:
            return parameter[:1] if np.shape(parameter) else parameter - 1.0, state

    y = Value(1.0)
    with pytest.raises(ValueError, match=r"`update` of Torn made of `parameter`, shape \(2,\), one of shape \(1,\)"):
        run(Torn([y, x], lr=0.5), lambda: y * x.sum(), steps=1)
    assert y.data == 1.0
    with pytest.raises(NotImplementedError, match="write one"):
        run(Optimizer([y], lr=0.5), lambda: y * y, steps=1)


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"weight_decay": -1.0}, ValueError, "`weight_decay` is -1"),
        ({"clip": 1.0}, TypeError, r"`clip` is a function of all gradients, such as ClipNorm\(1.0\), not 1.0"),
        ({"clip": ClipNorm}, TypeError, "`clip` is a function"),
        ({"nesterov": True}, ValueError, "give a `momentum`"),
    ],
)
def test_wrong_settings_of_all_optimisers_are_refused(settings: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        SGD(lr=0.1, **settings)
    for limit in (0.0, -1.0, None):
        with pytest.raises((TypeError, ValueError), match="`limit` is "):
            ClipNorm(limit)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("clip", "message"),
    [
        (lambda grads: grads[:0], "`clip` made of 1 gradients 0"),
        (lambda grads: grads * 2, "`clip` made of 1 gradients 2"),
        (lambda grads: [1.0], "or changed a shape"),
    ],
)
def test_a_clip_of_your_own_that_is_wrong(clip: Any, message: str) -> None:
    x = Tensor([1.0, 2.0])
    x.grad = np.ones(2)
    with pytest.raises(ValueError, match=message):
        SGD([x], lr=0.1, clip=clip).step()
    assert x.data.tolist() == [1.0, 2.0]


def test_a_gradient_of_another_shape_and_other_mistakes() -> None:
    x = Tensor([1.0, 2.0], label="x")
    x.grad = np.ones(3)
    with pytest.raises(ValueError, match=r"the gradient of x is .*; it must have shape \(2,\)"):
        SGD([x], lr=0.1).step()
    with pytest.raises(TypeError, match=r"not a class: write Cosine\(...\)"):
        SGD([x], lr=nn.schedules.Cosine)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="`optimizers` is empty"):
        Groups()
    assert not hasattr(Groups(SGD([x], lr=0.1)), "lr")


def test_what_is_left_out_is_as_in_pytorch() -> None:
    def defaults(rule: Any) -> dict[str, Any]:
        parameters = inspect.signature(rule).parameters.values()
        return {p.name: p.default for p in parameters if p.default not in (None, p.empty)}

    plain = {"weight_decay": 0.0, "maximize": False}
    assert defaults(SGD) == {"lr": 1e-3, "momentum": 0.0, "nesterov": False, "dampening": 0.0, **plain}
    assert defaults(Adagrad) == {"lr": 1e-2, "lr_decay": 0.0, "initial_accumulator_value": 0.0, "eps": 1e-10, **plain}
    rms = {"lr": 1e-2, "alpha": 0.99, "momentum": 0.0, "centered": False, "eps": 1e-8}
    assert defaults(RMSprop) == {**rms, **plain}
    adam = {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8, "amsgrad": False, **plain}
    assert defaults(Adam) == adam and defaults(AdamW) == {**adam, "weight_decay": 1e-2}
    own = {"lr": 2e-3, "momentum_decay": 4e-3, "decoupled_weight_decay": False}
    assert defaults(NAdam) == {**{k: v for k, v in adam.items() if k != "amsgrad"}, **own}
    assert defaults(Optimizer) == plain


def test_limits_and_rules_show_their_settings() -> None:
    assert (repr(ClipNorm(0.5)), repr(ClipValue(2.0))) == ("ClipNorm(0.5)", "ClipValue(2)")


def test_ctrl_c_in_a_step_is_raised_when_the_step_is_whole() -> None:
    x, y = Value(1.0), Value(2.0)
    sgd = SGD([x, y], lr=0.5)
    (x + y).backward()
    commit, calls = sgd._commit, []

    def interrupted(*args: Any) -> None:
        calls.append(args)
        if len(calls) == 1:
            x.data = 7.0
            raise KeyboardInterrupt
        commit(*args)

    sgd._commit = interrupted  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        sgd.step()
    assert (x.data, y.data, sgd.steps) == (0.5, 1.5, 1)


def test_a_sum_that_overflows_is_no_infinite_parameter() -> None:
    x = Tensor([1.7e308, 1.7e308])
    x.grad = np.ones(2)
    SGD([x], lr=0.5).step()
    assert np.isfinite(x.data).all()


def test_a_rule_of_ones_own_may_give_lists_and_whole_numbers() -> None:
    class Listing(Optimizer):
        def update(self, parameter: Any, grad: Any, state: Any, lr: Any, t: Any) -> Any:
            return ([1, 2] if np.shape(parameter) else 3), state

    x, y = Tensor([0.5, 0.5], dtype=np.float32), Value(0.5)
    run(Listing([x, y], lr=1.0), lambda: (x * y).sum(), steps=1)
    assert x.dtype == np.float32 and x.data.tolist() == [1.0, 2.0] and (type(y.data), y.data) == (float, 3.0)


def test_a_state_needs_parameters_and_numbers() -> None:
    with pytest.raises(RuntimeError, match="no parameters"):
        SGD(lr=0.1).load_state_dict({})
    sgd = SGD([Tensor([1.0, 2.0])], lr=0.1, momentum=0.9)
    with pytest.raises(ValueError, match=r"'velocity\.0' holds object, not real numbers"):
        sgd.load_state_dict(sgd.state_dict() | {"velocity.0": [1.0, None]})


def test_states_are_checked_and_keep_the_dtype() -> None:
    x = Tensor([1.0, 2.0], dtype=np.float32)
    sgd = SGD([x], lr=nn.schedules.OnPlateau(0.1), momentum=0.9)
    state = sgd.state_dict()
    sgd.load_state_dict(state | {"velocity.0": np.array([3.0, 4.0])})
    assert sgd.states[0]["velocity"].dtype == np.float32
    with pytest.raises(ValueError, match="best"):
        sgd.load_state_dict(state | {"velocity.0": np.zeros(2), "lr.0.best": math.nan})
    assert sgd.states[0]["velocity"].tolist() == [3.0, 4.0]


@pytest.mark.parametrize("betas", [0.9, (0.9,), (0.9, 0.99, 0.999)])
def test_betas_are_two(betas: Any) -> None:
    with pytest.raises(TypeError, match="`betas` are two numbers"):
        Adam(betas=betas)


def test_no_group_changes_where_one_refuses_its_state() -> None:
    groups = Groups(*(SGD([Value(1.0)], lr=nn.schedules.OnPlateau(0.1)) for _ in range(2)), clip=ClipNorm(1.0))
    with pytest.raises(ValueError, match="best"):
        groups.load_state_dict(groups.state_dict() | {"lr.0.lr": 0.5, "lr.1.best": math.nan})
    assert groups.rates() == [0.1, 0.1] and repr(groups).count("clip=ClipNorm(1)") == 1


def _refusal(call: Any) -> tuple[type[Exception], str]:
    with pytest.raises((TypeError, ValueError)) as found:
        call()
    return found.type, str(found.value)


WRONG: list[tuple[Any, dict[str, Any], dict[str, Any]]] = [
    (nn.SGD, {}, {"lr": -3, "momentum": "a", "weight_decay": float("nan"), "nesterov": 1, "dampening": 1.5, "clip": 3}),
    (nn.SGD, {}, {"lr": nn.schedules.StepDecay, "maximize": "yes"}),
    (nn.Adagrad, {}, {"lr": "x", "lr_decay": -1, "initial_accumulator_value": -1, "eps": None}),
    (nn.RMSprop, {}, {"alpha": 1.0, "momentum": [0.9], "centered": 0}),
    (nn.Adam, {}, {"betas": (0.9, 1.0), "amsgrad": None}),
    (nn.AdamW, {}, {"weight_decay": "a", "betas": 0.9}),
    (nn.NAdam, {}, {"momentum_decay": -1, "decoupled_weight_decay": 2}),
    (nn.schedules.StepDecay, {"lr": 0.1, "every": 2}, {"lr": -1, "every": 0, "factor": 2.0}),
    (nn.schedules.MultiStep, {"lr": 0.1, "milestones": [2]}, {"milestones": [3, 2], "factor": "a"}),
    (nn.schedules.Polynomial, {"lr": 0.1, "steps": 3}, {"steps": 1.5, "power": -1}),
    (nn.schedules.Cosine, {"lr": 0.1, "steps": 3}, {"steps": True, "low": -1}),
    (nn.schedules.CosineRestarts, {"lr": 0.1, "steps": 3}, {"multiply": 0}),
    (nn.schedules.WarmUp, {"then": 0.1, "steps": 3}, {"then": nn.schedules.Cosine, "start": 2}),
    (nn.schedules.OneCycle, {"lr": 0.1, "steps": 3}, {"steps": 1, "rise": -1, "first": 0.5, "last": 0}),
    (nn.ClipNorm, {"limit": 1.0}, {"limit": 0}),
    (nn.ClipValue, {"limit": 1.0}, {"limit": -1}),
    (nn.L2, {"alpha": 1.0}, {"alpha": -1, "biases": 1}),
    (nn.Dropout, {}, {"rate": 1.0}),
    (nn.Noise, {"std": 0.1}, {"std": "a"}),
    (nn.schedules.OnPlateau, {"lr": 0.1}, {"factor": 1.0, "patience": -1, "threshold": "a", "mode": "least"}),
]


@pytest.mark.parametrize(
    ("kind", "given", "name", "wrong"), [(*row[:2], name, x) for row in WRONG for name, x in row[2].items()]
)
def test_a_setting_that_is_assigned_is_checked_as_one_that_is_given(
    kind: Any, given: dict[str, Any], name: str, wrong: Any
) -> None:
    made = kind(**given)
    before = repr(made)
    assert _refusal(lambda: setattr(made, name, wrong)) == _refusal(lambda: kind(**{**given, name: wrong}))
    assert repr(made) == before


@pytest.mark.parametrize(
    ("made", "name", "meant"),
    [
        (nn.SGD(), "learning_rate", "lr"),
        (nn.Adam(), "weight_deacy", "weight_decay"),
        (nn.schedules.OnPlateau(0.1), "patients", "patience"),
        (nn.schedules.Cosine(0.1, 3), "step", "steps"),
    ],
)
def test_a_misspelled_setting_is_refused_with_the_known_ones(made: Any, name: str, meant: str) -> None:
    with pytest.raises(AttributeError, match=rf"has no setting `{name}`; its settings are .*{meant}.*mean '{meant}'"):
        setattr(made, name, 1)
    with pytest.raises(TypeError, match=f"'frobnicate'; its arguments are .*{meant}"):
        type(made)(frobnicate=1)


def test_an_optimiser_and_a_schedule_of_a_user_keep_what_they_like() -> None:
    class Signs(nn.Optimizer):
        def __init__(self, parameters: Any, own: float) -> None:
            super().__init__(parameters, lr=0.1)
            self.own = own

    class Own(nn.schedules.Schedule):
        def __init__(self) -> None:
            self.height = 0.1

        def rate(self, steps: int) -> float:
            return self.height

    signs = Signs([Value(1.0)], 2.0)
    signs.other = 3.0  # type: ignore[attr-defined]
    assert (signs.own, vars(signs)["other"], Own()(3)) == (2.0, 3.0, 0.1)
