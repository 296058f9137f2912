"""Optimisers: PyTorch's numbers over 100 steps, for Tensors and for Values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd as ag
import nn
from autograd import Tensor, Value
from nn.optim import SGD, Adam

START = np.array([[0.5, -1.5], [2.0, 1.0]])
RULES = [
    (SGD, {"lr": 0.01}),
    (SGD, {"lr": 0.01, "momentum": 0.9}),
    (Adam, {"lr": 0.05}),
    (Adam, {"lr": 0.05, "betas": (0.5, 0.9), "eps": 0.5}),  # with a small eps it is chaotic near the minimum
    (Adam, {}),
]


def bumpy(x: Any, tanh: Any) -> Any:
    """A function whose gradient turns about, of an array or of its elements."""
    return (x * x * x * x * 0.1 - x * x + tanh(3 * x)) * 1.0


def run(optimizer: Any, objective: Any, steps: int = 100) -> None:
    for _ in range(steps):
        optimizer.zero_grad()
        objective().backward()
        optimizer.step()


@pytest.mark.parametrize(("rule", "settings"), RULES)
def test_equals_pytorch_over_100_steps(rule: Any, settings: dict[str, Any]) -> None:
    torch = pytest.importorskip("torch")
    twin = torch.tensor(START, requires_grad=True)
    run(getattr(torch.optim, rule.__name__)([twin], **{"lr": 1e-3, **settings}), lambda: bumpy(twin, torch.tanh).sum())
    ours = Tensor(START)
    run(rule([ours], **settings), lambda: bumpy(ours, ag.tanh).sum())
    assert np.allclose(ours.data, twin.detach().numpy(), rtol=1e-10, atol=1e-12)


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
