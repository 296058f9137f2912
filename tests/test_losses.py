"""Losses: exact numbers, their gradients, extreme logits, and targets that are refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import autograd as ag
from autograd import Tensor, Value
from nn import losses

RNG = np.random.default_rng(0)
Z = RNG.normal(size=(6, 1)) * 3
LABELS = np.array([0, 1, 1, 0, 1, 0])[:, None]
LOGITS = RNG.normal(size=(6, 3)) * 3
CLASSES = np.array([0, 1, 2, 2, 1, 0])

CASES = [
    (losses.mse, Z, LABELS * 1.5),
    (losses.bce_with_logits, Z, LABELS),
    (losses.cross_entropy, LOGITS, CLASSES),
    (losses.hinge, Z, 2 * LABELS - 1),
]


def by_hand(loss: Any, z: np.ndarray, y: np.ndarray) -> float:
    """The definition, without a thought for overflow."""
    if loss is losses.mse:
        return float(np.mean((z - y) ** 2))
    if loss is losses.bce_with_logits:
        p = 1 / (1 + np.exp(-z))
        return float(-np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)))
    if loss is losses.cross_entropy:
        p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        return float(-np.mean(np.log(p[np.arange(len(y)), y])))
    return float(np.mean(np.maximum(0, 1 - y * z)))


@pytest.mark.parametrize(("loss", "z", "y"), CASES)
def test_value_by_definition_on_tensors_arrays_and_values(loss: Any, z: np.ndarray, y: np.ndarray) -> None:
    expected = pytest.approx(by_hand(loss, z, y), rel=1e-12)
    out = loss(Tensor(z), y)
    assert out.shape == () and out.item() == expected
    assert float(loss(z, y)) == expected
    values = [[Value(x) for x in row] for row in z.tolist()]
    assert loss(values, y.tolist()).item() == expected


@pytest.mark.parametrize(("loss", "z", "y"), CASES)
def test_gradient_by_differences(loss: Any, z: np.ndarray, y: np.ndarray) -> None:
    tensor = Tensor(z)
    loss(tensor, y).backward()
    for place in np.ndindex(z.shape):
        h = np.zeros_like(z)
        h[place] = 1e-6
        slope = (by_hand(loss, z + h, y) - by_hand(loss, z - h, y)) / 2e-6
        assert tensor.grad[place] == pytest.approx(slope, abs=1e-8)


@pytest.mark.parametrize(("loss", "z", "y"), CASES)
def test_float32_stays(loss: Any, z: np.ndarray, y: np.ndarray) -> None:
    out = loss(Tensor(z, dtype=np.float32), y)
    assert out.dtype == np.float32 and out.item() == pytest.approx(by_hand(loss, z, y), rel=1e-5)


@pytest.mark.parametrize(("loss", "z", "y"), CASES)
def test_equals_pytorch(loss: Any, z: np.ndarray, y: np.ndarray) -> None:
    torch = pytest.importorskip("torch")
    f = torch.nn.functional
    twin = torch.tensor(z, requires_grad=True)
    target = torch.tensor(y)
    theirs = {
        losses.mse: lambda: f.mse_loss(twin, target),
        losses.bce_with_logits: lambda: f.binary_cross_entropy_with_logits(twin, target.double()),
        losses.cross_entropy: lambda: f.cross_entropy(twin, target),
        losses.hinge: lambda: torch.clamp(1 - target * twin, min=0).mean(),
    }[loss]()
    theirs.backward()
    ours = Tensor(z)
    out = loss(ours, y)
    out.backward()
    assert out.item() == pytest.approx(theirs.item(), rel=1e-12)
    assert np.allclose(ours.grad, twin.grad.numpy(), rtol=1e-12, atol=1e-15)


def test_known_numbers() -> None:
    assert losses.mse(Tensor([1.0, 2.0]), [0.0, 4.0]).item() == 2.5
    assert losses.bce_with_logits(Tensor([0.0]), [0.25]).item() == math.log(2)
    assert losses.cross_entropy(Tensor([0.0, 0.0, 0.0, 0.0]), 2).item() == pytest.approx(math.log(4))
    assert losses.hinge(Tensor([1.0, -3.0]), [1, 1]).item() == 2.0
    assert losses.mse(Value(3.0), 1.0).item() == 4.0


@pytest.mark.parametrize("size", [1000.0, 1e8])
def test_extreme_logits_are_finite_and_right(size: float) -> None:
    z = Tensor([size, -size, size, -size])
    out = losses.bce_with_logits(z, [1, 0, 0, 1])
    out.backward()
    assert out.item() == size / 2 and z.grad.tolist() == [0.0, 0.0, 0.25, -0.25]
    z = Tensor([[size, 0.0], [0.0, size]])
    out = losses.cross_entropy(z, [1, 1])
    out.backward()
    assert out.item() == size / 2 and z.grad.tolist() == [[0.5, -0.5], [0.0, 0.0]]


@pytest.mark.parametrize("loss", [losses.mse, losses.bce_with_logits, losses.hinge])
@pytest.mark.parametrize(
    ("z", "y"), [((4, 1), (4,)), ((4,), (4, 1)), ((4,), ()), ((), (4,)), ((4, 2), (4, 1)), ((1,), ())]
)
def test_shapes_that_would_broadcast_are_refused(loss: Any, z: tuple[int, ...], y: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="must be equal"):
        loss(Tensor(np.ones(z)), np.ones(y))


def test_the_remedy_for_a_column_is_named() -> None:
    with pytest.raises(ValueError, match=r"take `scores\[:, 0\]`"):
        losses.hinge(Tensor(np.ones((4, 1))), np.ones(4))
    with pytest.raises(ValueError, match=r"take `predictions\[0\]`"):
        losses.mse([Value(1.0)], 1.0)


@pytest.mark.parametrize(
    ("loss", "y", "message"),
    [
        (losses.mse, [1.0, math.nan], "hold nan"),
        (losses.mse, [1.0, math.inf], "hold inf"),
        (losses.mse, ["a", "b"], "are numbers, not <U1"),
        (losses.bce_with_logits, [-1, 1], r"from 0 to 1; found -1.*\(y \+ 1\) / 2"),
        (losses.bce_with_logits, [0.5, 1.5], "found 1.5"),
        (losses.hinge, [0, 1], r"-1 or 1; found 0.*2 \* y - 1"),
        (losses.hinge, [True, False], "-1 or 1; found 0"),
        (losses.hinge, [math.nan, 1], "hold nan"),
    ],
)
def test_targets_that_are_refused(loss: Any, y: Any, message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        loss(Tensor([0.5, 0.5]), y)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([0, 3], "from 0 to 2 for 3 columns of logits; found 3"),
        ([0, -1], "found -1"),
        ([0.0, 1.0], r"whole numbers from 0 to 2, not float64: write `labels.astype\(int\)`"),
        ([True, False], "not bool"),
        ([0], "do not fit"),
        ([[0], [1]], "do not fit"),
        (1, "do not fit"),
        (["a", "b"], "numbers, not <U1"),
    ],
)
def test_labels_that_are_refused(y: Any, message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        losses.cross_entropy(Tensor(np.zeros((2, 3))), y)


def test_nothing_has_no_mean() -> None:
    with pytest.raises(ValueError, match="nothing to take the mean of"):
        losses.mse(Tensor(np.zeros((0, 1))), np.zeros((0, 1)))
    with pytest.raises(ValueError, match="do not fit"):
        losses.cross_entropy(np.zeros((0, 3)), np.zeros(0, dtype=int))


def test_a_loss_by_name() -> None:
    for name, loss in losses.LOSSES.items():
        assert losses.loss_of(name) is loss and losses.loss_of(loss) is loss
    with pytest.raises(ValueError, match="'mes' is unknown: use one of 'mse'"):
        losses.loss_of("mes")
    with pytest.raises(TypeError, match="`loss` is a name"):
        losses.loss_of(3)  # type: ignore[arg-type]


def test_a_loss_can_be_differentiated_twice() -> None:
    second = ag.hessian(lambda z: losses.bce_with_logits(z, np.array([1.0, 0.0])))(np.array([0.3, -0.2]))
    p = 1 / (1 + np.exp(-np.array([0.3, -0.2])))
    assert np.allclose(second, np.diag(p * (1 - p) / 2), rtol=1e-12)
