"""Losses: exact numbers, their gradients, extreme logits, and targets that are refused."""

from __future__ import annotations

import math
import pickle
from typing import Any

import numpy as np
import pytest

import autograd as ag
import nn
from autograd import Tensor, Value
from nn import losses

RNG = np.random.default_rng(0)
Z = RNG.normal(size=(6, 1)) * 3
LABELS = np.array([0, 1, 1, 0, 1, 0])[:, None]
LOGITS = RNG.normal(size=(6, 3)) * 3
CLASSES = np.array([0, 1, 2, 2, 1, 0])

PROBABILITIES = 1 / (1 + np.exp(-Z))
LOGS = LOGITS - np.log(np.exp(LOGITS).sum(axis=1, keepdims=True))
ROWS = np.exp(LOGS[::-1])

CASES = [
    (losses.mse, Z, LABELS * 1.5),
    (losses.rss, Z, LABELS * 1.5),
    (losses.mae, Z, LABELS * 1.5),
    (losses.huber, Z, LABELS * 1.5),
    (losses.huber.using(delta=0.5), Z, LABELS * 1.5),
    (losses.gaussian_nll, Z, LABELS * 1.5),
    (losses.gaussian_nll.using(variance=np.exp(Z[::-1]), full=True), Z, LABELS * 1.5),
    (losses.bce, PROBABILITIES, LABELS),
    (losses.bce, PROBABILITIES, PROBABILITIES[::-1]),
    (losses.bce_with_logits, Z, LABELS),
    (losses.bce_with_logits, Z, PROBABILITIES[::-1]),
    (losses.hinge, Z, 2 * LABELS - 1),
    (losses.squared_hinge, Z, 2 * LABELS - 1),
    (losses.nll, LOGS, CLASSES),
    (losses.nll, LOGS, ROWS),
    (losses.cross_entropy, LOGITS, CLASSES),
    (losses.cross_entropy, LOGITS, ROWS),
    (losses.cross_entropy.using(label_smoothing=0.1), LOGITS, CLASSES),
    (losses.kl_divergence, LOGS, ROWS),
    (losses.kl_divergence, LOGS, np.eye(3)[CLASSES]),
    (losses.multiclass_hinge, LOGITS, CLASSES),
    (losses.multiclass_hinge.using(margin=0.3), LOGITS, CLASSES),
    (losses.squared_multiclass_hinge, LOGITS, CLASSES),
]
IDS = [f"{loss}-{np.ndim(y)}{np.asarray(y).dtype.kind}" for loss, z, y in CASES]


def by_hand(loss: Any, z: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The definitions of the cases, without a thought for overflow."""
    own = loss.settings
    one_hot = np.eye(z.shape[-1])[y] if y.ndim < z.ndim else y
    match loss.name:
        case "mse":
            return (z - y) ** 2
        case "mae":
            return np.abs(z - y)
        case "huber":
            r, d = np.abs(z - y), own.get("delta", 1.0)
            return np.where(r <= d, r**2 / 2, d * (r - d / 2))
        case "gaussian_nll":
            v = own.get("variance", 1.0)
            each = np.log(v) / 2 + (z - y) ** 2 / (2 * v)
            return each + np.log(2 * np.pi) / 2 if own.get("full") else each
        case "bce":
            return -(y * np.log(z) + (1 - y) * np.log(1 - z))
        case "bce_with_logits":
            p = 1 / (1 + np.exp(-z))
            return -(y * np.log(p) + (1 - y) * np.log(1 - p))
        case "hinge":
            return np.maximum(0, 1 - y * z) ** (2 if own else 1)
        case "nll":
            return -(one_hot * z).sum(axis=1)
        case "cross_entropy":
            e = own.get("label_smoothing", 0.0)
            p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
            return -(((1 - e) * one_hot + e / z.shape[-1]) * np.log(p)).sum(axis=1)
        case "kl_divergence":
            return (np.where(y > 0, y * np.log(np.where(y > 0, y, 1)), 0) - y * z).sum(axis=1)
    right = (one_hot * z).sum(axis=1, keepdims=True)
    terms = np.maximum(0, z - right + own.get("margin", 1.0)) * (1 - one_hot)
    return (terms ** (2 if own.get("squared") else 1)).sum(axis=1)


def reduced(loss: Any, each: np.ndarray) -> float:
    return float(each.sum() if loss.settings.get("reduction") == "sum" else each.mean())


@pytest.mark.parametrize(("loss", "z", "y"), CASES, ids=IDS)
def test_value_by_definition_on_tensors_arrays_and_values(loss: Any, z: np.ndarray, y: np.ndarray) -> None:
    expected = pytest.approx(reduced(loss, by_hand(loss, z, y)), rel=1e-12)
    out = loss(Tensor(z), y)
    assert out.shape == () and out.item() == expected
    assert float(loss(z, y)) == expected
    values = [[Value(x) for x in row] for row in z.tolist()]
    assert loss(values, y.tolist()).item() == expected


@pytest.mark.parametrize(("loss", "z", "y"), CASES, ids=IDS)
def test_gradient_by_differences(loss: Any, z: np.ndarray, y: np.ndarray) -> None:
    tensor = Tensor(z)
    loss(tensor, y).backward()
    for place in np.ndindex(z.shape):
        h = np.zeros_like(z)
        h[place] = 1e-6
        slope = (reduced(loss, by_hand(loss, z + h, y)) - reduced(loss, by_hand(loss, z - h, y))) / 2e-6
        assert tensor.grad[place] == pytest.approx(slope, rel=1e-7, abs=1e-8)


@pytest.mark.parametrize(("loss", "z", "y"), CASES, ids=IDS)
def test_float32_stays(loss: Any, z: np.ndarray, y: np.ndarray) -> None:
    out = loss(Tensor(z, dtype=np.float32), y)
    assert out.dtype == np.float32 and out.item() == pytest.approx(reduced(loss, by_hand(loss, z, y)), rel=1e-5)


def torchs(loss: Any, settings: dict[str, Any], z: Any, y: Any, reduction: str) -> Any:
    """PyTorch's form of a loss."""
    torch = pytest.importorskip("torch")
    f, own = torch.nn.functional, {**loss.settings, **settings}
    own.pop("reduction", None)
    if loss.name in ("hinge", "multiclass_hinge"):
        p = 2 if own.get("squared") else 1
        if loss.name == "hinge":
            each = torch.clamp(1 - y * z, min=0) ** p
            return each if reduction == "none" else getattr(each, reduction)()
        return 3 * f.multi_margin_loss(z, y, p=p, margin=own.get("margin", 1.0), reduction=reduction)
    if loss.name == "bce" and "label_smoothing" in own:
        y = y * (1 - own["label_smoothing"]) + own.pop("label_smoothing") / 2
    if loss.name == "gaussian_nll":
        variance = torch.as_tensor(own.get("variance", 1.0)).expand_as(z)
        return f.gaussian_nll_loss(z, y, variance, full=own.get("full", False), reduction=reduction)
    if loss.name == "kl_divergence":
        each = f.kl_div(z, y, reduction="none").sum(dim=1)
        return each if reduction == "none" else getattr(each, reduction)()
    if loss.name == "nll" and y.dtype.is_floating_point:
        each = -(y * z).sum(dim=1)
        return each if reduction == "none" else getattr(each, reduction)()
    theirs = {
        "mse": f.mse_loss, "mae": f.l1_loss, "huber": f.huber_loss, "bce": f.binary_cross_entropy, "nll": f.nll_loss,
        "bce_with_logits": f.binary_cross_entropy_with_logits, "cross_entropy": f.cross_entropy,
    }[loss.name]  # fmt: skip
    if "class_weight" in own:
        own["weight"] = torch.tensor(own.pop("class_weight"), dtype=torch.float64)
    return theirs(z, y, reduction=reduction, **own)


def same_as_pytorch(loss: Any, settings: dict[str, Any], z: np.ndarray, y: np.ndarray, reduction: str) -> None:
    torch = pytest.importorskip("torch")
    twin = torch.tensor(z, requires_grad=True)
    y = y.copy()  # PyTorch takes no negative strides
    labels = torch.tensor(y) if y.ndim < z.ndim else torch.tensor(y, dtype=torch.float64)
    theirs = torchs(loss, settings, twin, labels, reduction)
    ours = Tensor(z)
    out = loss(ours, y, reduction=reduction, **settings)
    assert np.allclose(out.data, theirs.detach().numpy(), rtol=1e-12, atol=1e-14)
    cotangent = np.arange(1.0, 1 + out.size).reshape(out.shape)
    theirs.backward(torch.tensor(cotangent))
    out.backward(cotangent)
    assert np.allclose(ours.grad, twin.grad.numpy(), rtol=1e-12, atol=1e-14)


@pytest.mark.slow
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize(("loss", "z", "y"), CASES, ids=IDS)
def test_equals_pytorch(loss: Any, z: np.ndarray, y: np.ndarray, reduction: str) -> None:
    same_as_pytorch(loss, {}, z, y, reduction)


@pytest.mark.slow
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("smoothing", [0.0, 0.2, 1.0])
@pytest.mark.parametrize("weight", [None, [0.5, 2.0, 1.0]])
def test_class_weights_and_label_smoothing_equal_pytorchs(weight: Any, smoothing: float, reduction: str) -> None:
    settings = {"label_smoothing": smoothing} | ({} if weight is None else {"class_weight": weight})
    same_as_pytorch(losses.cross_entropy, settings, LOGITS, CLASSES, reduction)
    if reduction != "mean" or weight is None:
        same_as_pytorch(losses.cross_entropy, settings, LOGITS, ROWS, reduction)
    if weight is None:
        same_as_pytorch(losses.bce, settings, PROBABILITIES, LABELS, reduction)
    elif not smoothing:
        same_as_pytorch(losses.nll, {"class_weight": weight}, LOGS, CLASSES, reduction)


@pytest.mark.parametrize(
    ("loss", "z", "y"),
    [(loss, z, y) for loss, z, y in CASES
     if "class_weight" in loss.known and y.dtype.kind == "i" and "label_smoothing" not in loss.settings],
)
def test_a_class_weight_is_a_sample_weight_where_labels_are_hard(loss: Any, z: np.ndarray, y: np.ndarray) -> None:
    weight = np.array([0.5, 2.0, 1.5])[: 2 if z.shape[-1] == 1 else 3]
    each = weight[np.maximum(y, 0)]
    for reduction in ("mean", "sum", "none"):
        a = loss(Tensor(z), y, class_weight=weight, reduction=reduction)
        b = loss(Tensor(z), y, sample_weight=each, reduction=reduction)
        assert np.allclose(a.data, b.data, rtol=1e-14)


@pytest.mark.parametrize(("loss", "z", "y"), [c for c in CASES if "variance" not in c[0].settings])
def test_a_weight_of_two_is_a_case_that_stands_there_twice(loss: Any, z: np.ndarray, y: np.ndarray) -> None:
    count = np.array([1, 2, 0, 1, 3, 1])
    for reduction in ("mean", "sum"):
        one, two = Tensor(z), Tensor(z)
        a = loss(one, y, sample_weight=count, reduction=reduction)
        b = loss(two[np.repeat(np.arange(6), count)], np.repeat(y, count, axis=0), reduction=reduction)
        a.backward()
        b.backward()
        assert a.item() == pytest.approx(b.item(), rel=1e-14)
        assert np.allclose(one.grad, two.grad, rtol=1e-13, atol=1e-16)
    none = loss(Tensor(z), y, sample_weight=count, reduction="none")
    assert np.allclose(none.data, by_hand(loss, z, y) * count.reshape(-1, *[1] * (none.ndim - 1)))
    assert loss(Tensor(z), y, sample_weight=np.zeros(6)).item() == 0.0


@pytest.mark.parametrize(("loss", "z", "y"), CASES, ids=IDS)
def test_prepared_targets_as_nodes_of_a_trace_give_the_same_bits(loss: Any, z: np.ndarray, y: np.ndarray) -> None:
    prepared = loss.prepare(z.shape, y)
    assert prepared.shape == z.shape and prepared.dtype == np.float64
    weight = np.linspace(0.5, 2.0, 6)
    whole = loss(z, y, sample_weight=weight)
    assert loss(z, prepared, sample_weight=weight) == whole
    slope = ag.grad(lambda z: loss(z, y, sample_weight=weight))(z)

    def traced(z: Any, y: Any, w: Any) -> Any:
        return ag.value_and_grad(lambda z: loss(z, y, sample_weight=w))(z)

    compiled = ag.compile(traced)
    for _ in range(2):
        value, grad = compiled(z, prepared, weight)
        assert value == pytest.approx(whole, rel=1e-13) and np.allclose(grad, slope, rtol=1e-12, atol=1e-15)
    twice = 2 if loss.settings.get("reduction") == "sum" else 1
    assert compiled(z, prepared, 2 * weight)[0] == pytest.approx(whole * twice, rel=1e-13)


def test_traced_targets_take_the_dtype_of_the_outputs() -> None:
    compiled = ag.compile(lambda z, y, w: losses.mse(z, y, sample_weight=w) * 1.0)
    assert compiled(Z.astype(np.float32), LABELS * 1.0, np.ones(6)).dtype == np.float32
    y = Tensor(LABELS * 1.0) * 1.0
    assert losses.mse(Tensor(Z, dtype=np.float32), y, sample_weight=Tensor(np.ones(6)) * 1.0).dtype == np.float32


def test_class_weights_can_be_traced() -> None:
    loss = losses.cross_entropy.using(class_weight=[0.5, 2.0, 1.0], label_smoothing=0.1)
    compiled = ag.compile(lambda z, y: ag.value_and_grad(lambda z: loss(z, y))(z))
    for labels in (CLASSES, CLASSES[::-1]):
        value, slope = compiled(LOGITS, loss.prepare(LOGITS.shape, labels))
        assert value == pytest.approx(loss(LOGITS, labels), rel=1e-13)
        assert np.allclose(slope, ag.grad(lambda z, y=labels: loss(z, y))(LOGITS), rtol=1e-12)


@pytest.mark.parametrize(
    ("loss", "z", "y"),
    [
        (losses.gaussian_nll, Z, LABELS * 1.0),
        (losses.bce_with_logits, Z, LABELS * 1.0),
        (losses.cross_entropy, LOGITS, np.eye(3)[CLASSES]),
    ],
)
def test_the_gradient_at_the_outputs_is_the_unit_minus_the_target(loss: Any, z: np.ndarray, y: np.ndarray) -> None:
    slope = ag.grad(lambda z: loss(z, y, reduction="sum"))(z)
    assert np.allclose(slope, loss.output_activation(z) - y, rtol=1e-12, atol=1e-15)


def test_a_likelihood_names_a_unit_and_its_loss() -> None:
    for name, loss in losses.LIKELIHOODS.items():
        assert losses.loss_of(name) is loss and loss.output_activation is not None
    assert losses.loss_of("bernoulli").output_activation is ag.sigmoid
    assert losses.loss_of("multinoulli").output_activation is ag.softmax
    model = nn.Linear(1, 1, rng=0)
    nn.fit(model, Z, LABELS[:, 0], "bernoulli", epochs=2)
    assert model.predict_proba(Z).shape == (6, 2)


@pytest.mark.parametrize(
    ("z", "y", "value", "slope"), [(1000.0, 0, 1000.0, 1.0), (-1000.0, 1, 1000.0, -1.0), (0.0, 0.5, math.log(2), 0.0)]
)
def test_bce_at_the_edges(z: float, y: float, value: float, slope: float) -> None:
    for make in (Value, Tensor):
        logit = make(z)
        out = losses.bce_with_logits(logit, y)
        out.backward()
        assert out.item() == value and np.asarray(logit.grad) == slope


def test_units_give_the_mean_of_the_targets() -> None:
    assert np.array_equal(losses.mse.output_activation(Z), Z) and losses.hinge.output_activation is None
    assert np.allclose(losses.bce_with_logits.output_activation(Z), PROBABILITIES)
    assert np.allclose(losses.cross_entropy.output_activation(LOGITS), np.exp(LOGS))
    assert np.allclose(losses.nll.output_activation(LOGS), np.exp(LOGS))
    assert losses.cross_entropy.using().output_activation is ag.softmax


def test_what_is_impossible_costs_nothing_where_it_did_not_happen() -> None:
    z = Tensor([[0.0, -math.inf]])
    out = losses.cross_entropy(z, [0])
    out.backward()
    assert out.item() == 0.0 and z.grad.tolist() == [[0.0, 0.0]]
    p = Tensor([0.0, 1.0])
    out = losses.bce(p, [0, 1])
    out.backward()
    assert out.item() == 0.0 and p.grad.tolist() == [0.5, -0.5]
    assert losses.bce([0.0], [1]).item() == math.inf
    assert losses.kl_divergence([[0.0, -math.inf]], [[1.0, 0.0]]).item() == 0.0


def test_a_variance_that_is_learned() -> None:
    v = Tensor(2.0)
    losses.gaussian_nll(Z, LABELS, variance=v).backward()
    assert v.grad == pytest.approx(0.25 - np.mean((Z - LABELS) ** 2) / 8, rel=1e-12)
    with pytest.raises(ValueError, match="`variance` is above 0"):
        losses.gaussian_nll(Z, LABELS, variance=0.0)
    with pytest.raises(ValueError, match="does not broadcast to the predictions"):
        losses.gaussian_nll(Z, LABELS, variance=np.ones(5))


def test_settings() -> None:
    gentle = losses.cross_entropy.using(label_smoothing=0.1)
    assert repr(gentle) == "cross_entropy(label_smoothing=0.1)" and repr(losses.mse) == "mse"
    assert repr(gentle.using(reduction="sum")) == "cross_entropy(label_smoothing=0.1, reduction='sum')"
    for loss in (losses.mse, gentle, losses.squared_hinge):
        again = pickle.loads(pickle.dumps(loss))
        assert repr(again) == repr(loss) and (again is loss) == (loss is losses.mse)
    for wrong in ({"smoothing": 0.1}, {"delta": 1.0}):
        with pytest.raises(TypeError, match=r"no setting `.*`; its settings: reduction, class_weight, label_smoothing"):
            losses.cross_entropy.using(**wrong)
    with pytest.raises(TypeError, match="`mse` has no setting `class_weight`"):
        losses.mse(Z, Z, class_weight=[1, 1])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"reduction": "avg"}, "`reduction` is one of 'mean', 'sum', 'none', not 'avg'"),
        ({"reduction": None}, "`reduction` is one of"),
        ({"label_smoothing": 1.5}, "`label_smoothing` is 1.5"),
        ({"label_smoothing": "some"}, "`label_smoothing` is a number"),
        ({"class_weight": [1.0, 2.0]}, r"`class_weight` has shape \(2,\); cross_entropy needs one for each of 3"),
        ({"class_weight": [1.0, 2.0, -1.0]}, "`class_weight` are numbers from 0"),
        ({"class_weight": [1.0, 2.0, math.nan]}, "`class_weight` holds nan"),
        ({"class_weight": "balanced"}, "`class_weight` is an array, a list or a frame, not str"),
        ({"sample_weight": np.ones(5)}, r"`sample_weight` has shape \(5,\); the losses of the cases have \(6,\)"),
        ({"sample_weight": np.ones((6, 1))}, "give one weight for each case"),
        ({"sample_weight": -np.ones(6)}, "`sample_weight` are numbers from 0"),
        ({"sample_weight": [math.inf] * 6}, "`sample_weight` holds inf"),
    ],
)
def test_wrong_settings_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        losses.cross_entropy(Tensor(LOGITS), CLASSES, **settings)


def test_one_weight_for_each_row_of_several_outputs() -> None:
    z, y = RNG.normal(size=(2, 6, 3))
    weight = np.arange(6.0)
    expected = np.average(((z - y) ** 2).mean(axis=1), weights=weight)
    assert losses.mse(Tensor(z), y, sample_weight=weight).item() == pytest.approx(expected, rel=1e-14)
    full = np.broadcast_to(weight[:, None], (6, 3))
    assert losses.mse(Tensor(z), y, sample_weight=full).item() == pytest.approx(expected, rel=1e-14)


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
        (losses.mse, [1.0, math.nan], "holds nan at"),
        (losses.mse, [1.0, math.inf], "holds inf at"),
        (losses.mse, ["a", "b"], "holds <U1, not numbers"),
        (losses.bce_with_logits, [-1, 1], r"from 0 to 1; found -1.*\(y \+ 1\) / 2"),
        (losses.bce_with_logits, [0.5, 1.5], "found 1.5"),
        (losses.hinge, [0, 1], r"-1 or 1; found 0.*2 \* y - 1"),
        (losses.hinge, [True, False], "-1 or 1; found 0"),
        (losses.hinge, [math.nan, 1], "holds nan at"),
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
        (["a", "b"], "holds <U1, not numbers"),
    ],
)
def test_labels_that_are_refused(y: Any, message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        losses.cross_entropy(Tensor(np.zeros((2, 3))), y)


def test_nothing_has_no_mean() -> None:
    with pytest.raises(ValueError, match="nothing to take the mean of"):
        losses.mse(Tensor(np.zeros((0, 1))), np.zeros((0, 1)))
    with pytest.raises(ValueError, match="nothing to take the sum of"):
        losses.cross_entropy.using(reduction="sum")(np.zeros((0, 3)), np.zeros(0, dtype=int))


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


def test_outputs_and_targets_may_be_named() -> None:
    assert losses.mse(predictions=[3.0], targets=[1.0]).item() == losses.mse([3.0], targets=[1.0]).item() == 4.0
    assert losses.mse(3.0, 1.0) == 4.0
    for call in (lambda: losses.mse(), lambda: losses.mse([1.0]), lambda: losses.mse([1.0], [1.0], [1.0])):
        with pytest.raises(TypeError, match="`mse` takes `predictions` and `targets`, and settings by their names"):
            call()


def test_targets_that_are_leaves_are_checked_and_differentiated() -> None:
    y = Tensor([0.0, 4.0])
    losses.mse(Tensor([1.0, 2.0]), y).backward()
    assert y.grad.tolist() == [-1.0, 2.0]
    with pytest.raises(ValueError, match="holds nan at"):
        losses.mse(Tensor([1.0]), Tensor([math.nan]))
    with pytest.raises(TypeError, match=r"labels.astype\(int\)"):
        losses.cross_entropy(Tensor(LOGITS), Tensor(CLASSES.astype(float)))
    with pytest.raises(TypeError, match=r"for a Tensor, give rows, shape \(n, k\)"):
        losses.cross_entropy(Tensor(LOGITS), Tensor(CLASSES.astype(float)) * 1.0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: losses.mse(["a"], [1.0]), r"`predictions` is \['a'\] of <U1; mse needs real numbers"),
        (lambda: losses.mse([[1.0], [1.0, 2.0]], [1.0]), "`predictions` is a nested list"),
        (lambda: losses.mse([1.0], None), "`targets` is an array, a list or a frame, not NoneType"),
        (lambda: losses.mse([1.0], [Value(1.0)]), "not a list of nodes: take their `.data`"),
        (lambda: losses.mse({}, [1.0]), "`predictions` is {} of object; mse needs real numbers"),
        (lambda: losses.cross_entropy(LOGITS, np.ones((6, 3))), "one sums to 3"),
        (lambda: losses.multiclass_hinge(LOGITS, ROWS), "rows with a single 1; found"),
        (lambda: losses.kl_divergence(LOGS, CLASSES), "must be equal"),
        (lambda: losses.cross_entropy(LOGITS, CLASSES, class_weight={0: 1.0}), "of the classes, not a dict"),
        (lambda: losses.huber([1.0], [1.0], delta=0.0), "`delta` is 0"),
        (lambda: losses.huber([1.0], [1.0], delta=-1.0), "`delta` is -1"),
        (lambda: losses.gaussian_nll([1.0], [1.0], variance="a"), "`variance` is an array"),
    ],
)
def test_mistakes_are_named(call: Any, message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        call()
