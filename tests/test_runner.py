"""Runners: the contract between `fit` and what takes its steps, held by both of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd as ag
import nn
from nn.training.compiled_runner import CompiledRunner
from nn.training.preparation import Dataset
from nn.training.runner import Objective, eager_runner

X = np.random.default_rng(0).normal(size=(10, 2))
Y = X[:, :1] - 2 * X[:, 1:] + 0.5
ROWS = [np.array(rows) for rows in ([0, 1, 2], [3, 4, 5], [6, 7, 8], [9, 0, 1], [2, 2, 2])]


def made(kind: Any, loss: Any = nn.losses.mse, penalty: Any = None, weights: Any = None) -> tuple[Any, Any, Any]:
    model, optimizer = nn.TensorMLP(2, [3, 1], "tanh", rng=0), nn.Adam(lr=0.05)
    run = kind(model, Objective(loss, penalty), optimizer, Dataset(X, Y, weights))
    optimizer.bind(model.parameters())
    return model, optimizer, run


def by_hand(count: int) -> tuple[Any, list[float]]:
    model, losses = nn.TensorMLP(2, [3, 1], "tanh", rng=0), []
    optimizer = nn.Adam(model.parameters(), lr=0.05)
    for rows in ROWS[:count]:
        loss = ag.mean((model(X[rows]) - Y[rows]) ** 2)
        model.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return model, losses


RUNNERS = pytest.mark.parametrize("kind", [eager_runner, CompiledRunner])


@RUNNERS
@pytest.mark.parametrize("cuts", [[5], [1, 1, 1, 1, 1], [2, 3], [4, 1]])
def test_how_steps_are_cut_into_calls_changes_nothing(kind: Any, cuts: list[int]) -> None:
    model, optimizer, run = made(kind)
    losses: list[float] = []
    for count in cuts:
        found = run(ROWS[len(losses) : len(losses) + count])
        assert len(found) == count and all(type(loss) is float for loss in found)
        losses += found
        assert optimizer.steps == len(losses)
        expected, _ = by_hand(len(losses))
        for parameter, other in zip(model.parameters(), expected.parameters(), strict=True):
            assert np.allclose(parameter.data, other.data, rtol=1e-10, atol=1e-12)
    assert losses == pytest.approx(by_hand(5)[1], rel=1e-10)


@RUNNERS
def test_a_loss_that_is_not_finite_is_the_last_and_its_step_is_not_taken(kind: Any) -> None:
    def loss(outputs: Any, y: Any) -> Any:
        return ag.sum(outputs * 0.0) + ag.log(ag.abs(ag.sum(y)))  # infinite where the targets sum to 0

    targets = np.ones((10, 1))
    targets[6:9] = [[1.0], [-1.0], [0.0]]
    model, optimizer = nn.TensorMLP(2, [3, 1], rng=0), nn.SGD(lr=0.1)
    run = kind(model, Objective(loss), optimizer, Dataset(X, targets))
    optimizer.bind(model.parameters())
    found = run(ROWS)
    assert found[:2] == pytest.approx([np.log(3.0)] * 2) and found[2:] == [-np.inf] and optimizer.steps == 2


def test_ctrl_c_leaves_the_losses_of_finished_steps() -> None:
    calls = iter(range(9))

    def loss(outputs: Any, y: Any) -> Any:
        if next(calls) == 3:
            raise KeyboardInterrupt
        return nn.losses.mse(outputs, y)

    model, optimizer, run = made(eager_runner, loss)
    assert run(ROWS) == pytest.approx(by_hand(3)[1], rel=1e-12) and optimizer.steps == 3
    for parameter, other in zip(model.parameters(), by_hand(3)[0].parameters(), strict=True):
        assert np.allclose(parameter.data, other.data, rtol=1e-12)


@RUNNERS
def test_penalty_and_weights(kind: Any) -> None:
    weights = np.arange(10.0)
    penalty = lambda model: 0.5 * ag.sum(model[0].weight * model[0].weight)
    model, _, run = made(kind, penalty=penalty, weights=weights)
    w, error = weights[ROWS[1]], (model.outputs(X[ROWS[1]]) - Y[ROWS[1]])[:, 0]
    expected = (w * error**2).sum() / w.sum() + 0.5 * np.sum(model[0].weight.data ** 2)
    assert run(ROWS[1:2]) == [pytest.approx(expected, rel=1e-12)]


@pytest.mark.parametrize(
    ("loss", "penalty", "error", "message"),
    [
        (lambda z, y: z, None, TypeError, r"`loss` must give a single number .* not shape \(3, 1\): take the mean"),
        (lambda z, y: 1.0, None, TypeError, "`loss` must give a single number .* not float"),
        (lambda z, y: ag.Tensor(1.0), None, ValueError, "does not depend on the outputs"),
        (nn.losses.mse, lambda model: model[0].weight, TypeError, r"`penalty` must .* shape \(2, 3\): take the sum"),
    ],
)
def test_what_is_refused(loss: Any, penalty: Any, error: Any, message: str) -> None:
    _, optimizer, run = made(eager_runner, loss, penalty)
    with pytest.raises(error, match=message):
        run(ROWS)
    assert optimizer.steps == 0
