"""Training: `fit` on both kinds of net, micrograd's demo, digits; what is refused, and Ctrl-C."""

from __future__ import annotations

import os
import random
import signal
from itertools import count
from typing import Any

import numpy as np
import pytest

import autograd as ag
import nn
from autograd import Value
from nn.optim import SGD

X = np.random.default_rng(0).normal(size=(10, 2))
Y = X[:, :1] - 2 * X[:, 1:] + 0.5


# -- the numbers --


def test_full_batch_steps_by_hand() -> None:
    model = nn.Linear(2, 1, rng=0)
    W, b = model.weight.data.copy(), np.zeros(1)
    expected = []
    for _ in range(5):
        error = X @ W + b - Y
        expected.append(float(np.mean(error**2)))
        W, b = W - 0.1 * 2 * X.T @ error / 10, b - 0.1 * 2 * error.mean(axis=0)
    history = nn.fit(model, X, Y, "mse", optimizer=SGD(lr=0.1), epochs=5, batch_size=None)
    assert history["loss"] == pytest.approx(expected, rel=1e-12)
    assert np.allclose(model.weight.data, W, rtol=1e-12) and model.bias is not None
    assert np.allclose(model.bias.data, b, rtol=1e-12)


@pytest.mark.parametrize(("loss", "y", "width"), [
    ("mse", Y[:, 0], 1), ("mse", Y, 1), ("bce_with_logits", (Y[:, 0] > 0), 1), ("hinge", np.sign(Y[:, 0]), 1),
    ("cross_entropy", (Y[:, 0] > 0).astype(int), 2), (lambda z, y: ag.mean(ag.abs(z - y)), Y, 1),
])  # fmt: skip
def test_scalar_and_tensor_nets_learn_the_same(loss: Any, y: np.ndarray, width: int) -> None:
    tensor = nn.TensorMLP(2, [5, width], "tanh", rng=0)
    scalar = tensor.to_values()
    one, other = (
        nn.fit(model, X, y, loss, optimizer=SGD(lr=0.1, momentum=0.5), epochs=10, batch_size=4, rng=1)
        for model in (tensor, scalar)
    )
    assert one["loss"] == pytest.approx(other["loss"], rel=1e-10)
    assert one["loss"][-1] < one["loss"][0]
    assert np.allclose(tensor.outputs(X), scalar.outputs(X), rtol=1e-10)


def test_a_single_neuron_learns() -> None:
    neuron = nn.Neuron(2, "linear", rng=0)
    with pytest.warns(nn.EagerFallback, match="counterpart"):
        history = nn.fit(neuron, X, Y[:, 0], optimizer=SGD(lr=0.1), epochs=100, batch_size=None)
    assert history["loss"][-1] < 1e-3


def test_the_order_of_rows_comes_from_rng_alone() -> None:
    def train(**settings: Any) -> list[float]:
        return nn.fit(nn.TensorMLP(2, [3, 1], rng=0), X, Y, epochs=3, batch_size=3, **settings)["loss"]

    assert train(rng=1) == train(rng=1) == train(rng=np.random.default_rng(1))
    assert train(rng=1) != train(rng=2)
    assert train(shuffle=False, rng=1) == train(shuffle=False, rng=2)
    assert train(rng=random.Random(1)) == train(rng=random.Random(1))


def test_xor_is_learned_alike_by_fit_by_values_and_by_hand() -> None:
    inputs, targets = nn.datasets.xor()
    model = nn.MLP(2, [3, 1], "tanh", rng=3)
    fitted, scalar = model.to_tensors(), model
    W1, b1, W2, b2 = (p.data.copy() for p in fitted.parameters())
    nn.fit(fitted, inputs, targets, "mse", optimizer=SGD(lr=0.1), epochs=50, batch_size=None, shuffle=False)
    for _ in range(50):
        loss = sum((scalar(x)[0] - t) ** 2 for x, t in zip(inputs, targets.tolist(), strict=True)) / 4
        scalar.zero_grad()
        loss.backward()
        for p in scalar.parameters():
            p.data -= 0.1 * p.grad
        h = np.tanh(inputs @ W1 + b1)
        d2 = 2 * (h @ W2 + b2 - targets[:, None]) / 4
        d1 = (d2 @ W2.T) * (1 - h**2)
        W2, b2 = W2 - 0.1 * h.T @ d2, b2 - 0.1 * d2.sum(axis=0)
        W1, b1 = W1 - 0.1 * inputs.T @ d1, b1 - 0.1 * d1.sum(axis=0)
    for ours, values, by_hand in zip(
        fitted.parameters(), scalar.to_tensors().parameters(), (W1, b1, W2, b2), strict=True
    ):
        assert np.allclose(ours.data, by_hand, rtol=1e-10) and np.allclose(values.data, by_hand, rtol=1e-10)


# -- micrograd --


def demo(value: Any, net: Any, X: Any, y: Any, steps: int) -> list[float]:
    """The training loop of micrograd's demo, for a Value class and a net that gives one Value."""
    losses = []
    for k in range(steps):
        scores = [net(list(map(value, row))) for row in X]
        hinges = [(1 + -yi * score).relu() for yi, score in zip(y, scores, strict=True)]
        data_loss = sum(hinges) * (1.0 / len(hinges))
        total = data_loss + 1e-4 * sum(p * p for p in net.parameters())
        net.zero_grad()
        total.backward()
        for p in net.parameters():
            p.data -= (1.0 - 0.9 * k / 100) * p.grad
        losses.append(total.data)
    return losses


@pytest.fixture
def moons() -> tuple[np.ndarray, np.ndarray]:
    pytest.importorskip("sklearn")
    points, classes = nn.datasets.moons(100, 0.1, rng=1337)
    return points, classes * 2 - 1


def test_micrograds_net_learns_the_same_from_our_values(moons: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    micrograd = pytest.importorskip("micrograd.nn")
    engine = pytest.importorskip("micrograd.engine")
    points, classes = moons[0][::4], moons[1][::4]

    def seeded() -> Any:
        random.seed(1337)
        return micrograd.MLP(2, [16, 16, 1])

    theirs = demo(engine.Value, seeded(), points, classes, 5)
    monkeypatch.setattr(micrograd, "Value", Value)
    ours = demo(Value, seeded(), points, classes, 5)
    own = nn.MLP(2, [16, 16, 1], rng=random.Random(1337))
    monkeypatch.setattr(type(own), "__call__", lambda self, x: self.forward(x)[0])
    third = demo(Value, own, points, classes, 5)
    assert ours == pytest.approx(theirs, abs=1e-9, rel=0)
    assert third == pytest.approx(theirs, abs=1e-9, rel=0)


@pytest.mark.slow
def test_micrograds_demo_reaches_every_point(moons: Any) -> None:
    points, classes = moons
    model = nn.MLP(2, [16, 16, 1], rng=random.Random(1337))

    def objective(scores: Any, y: Any) -> Any:
        return nn.losses.hinge(scores, y) + 1e-4 * sum(p * p for p in model.parameters())

    rate = SGD(lr=lambda k: 1.0 - 0.9 * k / 100)
    history = nn.fit(model, points, classes, objective, optimizer=rate, epochs=100, batch_size=None, shuffle=False)
    assert np.array_equal(np.sign(model.outputs(points)[:, 0]), classes)
    assert history["loss"][0] == pytest.approx(0.8958441028683222, rel=1e-9)  # as micrograd's notebook prints it
    assert history["loss"][-1] == pytest.approx(0.01098, rel=5e-2)  # at this rate, rounding grows


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_digits_are_read(dtype: Any) -> None:
    pytest.importorskip("sklearn")
    train, test, y, truth = nn.datasets.split(*nn.datasets.digits(), rng=0)
    model = nn.TensorMLP(64, [64, 10], rng=0, dtype=dtype)
    nn.fit(model, train, y, "cross_entropy", optimizer=nn.Adam(lr=3e-3), epochs=30, rng=0)
    assert np.mean(model.outputs(test).argmax(axis=1) == truth) >= 0.97
    assert all(p.dtype == dtype for p in model.parameters())


# -- labels, validation, metrics --


@pytest.mark.parametrize(("data", "width", "loss", "floor"), [
    ("iris", 3, "cross_entropy", 0.9), ("wine", 3, "cross_entropy", 0.96), ("breast_cancer", 1, "hinge", 0.95),
    ("breast_cancer", 1, "bce_with_logits", 0.95), ("breast_cancer", 2, "cross_entropy", 0.95),
])  # fmt: skip
def test_real_data_with_names_of_classes(data: str, width: int, loss: str, floor: float) -> None:
    pytest.importorskip("sklearn")
    X, y = getattr(nn.datasets, data)(names=True)
    train, test, labels, truth = nn.split(X, y, 0.3, rng=0)
    scale = nn.StandardScaler().fit(train)
    model = nn.TensorMLP(X.shape[1], [16, width], rng=0)
    history = nn.fit(model, scale.transform(train), labels, loss, optimizer=nn.Adam(lr=0.02), epochs=60, rng=0,
                     validation=(scale.transform(test), truth), metrics=["accuracy"])  # fmt: skip
    found = model.predict(scale.transform(test))
    assert found.dtype == y.dtype and found.shape == truth.shape
    assert history["val_accuracy"][-1] == np.mean(found == truth) >= floor
    assert history["accuracy"][-1] >= 0.97
    assert nn.evaluate(model, scale.transform(test), truth) == {"accuracy": history["val_accuracy"][-1]}
    whole = nn.evaluate(model, scale.transform(test), truth, loss, ["confusion_matrix"])
    assert whole["loss"] == pytest.approx(history["val_loss"][-1], rel=1e-12)
    assert whole["confusion_matrix"].trace() / len(truth) == pytest.approx(history["val_accuracy"][-1])
    if loss != "hinge":
        chances = model.predict_proba(scale.transform(test))
        assert chances.shape == (len(test), len(set(y))) and np.allclose(chances.sum(axis=1), 1)
        assert np.array_equal(np.unique(y)[chances.argmax(axis=1)], found)


@pytest.mark.parametrize(
    ("labels", "loss"),
    [
        (np.array(["no", "yes"]), "bce_with_logits"), (np.array([False, True]), "bce_with_logits"),
        (np.array([7, 9]), "hinge"), (np.array([-1, 1]), "bce_with_logits"), (np.array([0, 1]), "hinge"),
        (np.array([2.0, 4.0]), "bce_with_logits"), (np.array(["a", "b"], dtype=object), "hinge"),
    ],
)  # fmt: skip
def test_two_classes_of_any_type(labels: np.ndarray, loss: str) -> None:
    y = labels[(Y[:, 0] > 0).astype(int)]
    model = nn.TensorMLP(2, [8, 1], rng=0)
    nn.fit(model, X, y.tolist(), loss, optimizer=nn.Adam(lr=0.1), epochs=80, rng=0)
    assert model.predict(X).tolist() == y.tolist()
    twin = nn.TensorMLP(2, [8, 1], rng=0)
    codes = np.array([-1.0, 1.0] if loss == "hinge" else [0.0, 1.0])[(Y[:, 0] > 0).astype(int)]
    nn.fit(twin, X, codes, loss, optimizer=nn.Adam(lr=0.1), epochs=80, rng=0)
    assert not changed(twin.state_dict(), model)


def test_frames_of_pandas() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=["a", "b"], index=range(100, 110))
    frame["kind"] = np.where(Y[:, 0] > 0, "up", "down")
    model = nn.TensorMLP(2, [8, 2], rng=0)
    history = nn.fit(model, frame[["a", "b"]], frame["kind"], "cross_entropy", optimizer=nn.Adam(lr=0.1), epochs=60,
                     validation=0.2, metrics=["accuracy"], rng=0)  # fmt: skip
    assert np.mean(model.predict(frame[["a", "b"]]) == frame["kind"]) >= 0.9
    table = pandas.DataFrame(history)
    assert table.shape == (60, 4) and list(table) == ["loss", "accuracy", "val_loss", "val_accuracy"]
    with pytest.raises(TypeError, match=r"`X` holds '.*' in row 0, column 'kind', not numbers"):
        nn.fit(nn.Linear(3, 2), frame, frame["kind"], "cross_entropy")


def test_the_numbers_of_an_epoch_by_hand() -> None:
    model = nn.Linear(2, 1, rng=0)
    states = [model.state_dict()]
    note = lambda epoch, logs: states.append(model.state_dict())
    history = nn.fit(model, X, Y[:, 0], "mse", epochs=3, batch_size=4, drop_last=True, shuffle=False,
                     validation=(X[:3], Y[:3, 0]), metrics=["mae", "r2"], callbacks=[note])  # fmt: skip
    assert [len(states), *map(len, history.values())] == [4, 3, 3, 3, 3, 3, 3]
    for epoch in range(3):
        net = nn.Linear(2, 1)
        net.load_state_dict(states[epoch + 1])
        error = net.outputs(X)[:, 0] - Y[:, 0]
        assert history["mae"][epoch] == pytest.approx(np.mean(np.abs(error)), rel=1e-12)
        assert history["val_loss"][epoch] == pytest.approx(np.mean(error[:3] ** 2), rel=1e-12)
        assert history["val_mae"][epoch] == pytest.approx(np.mean(np.abs(error[:3])), rel=1e-12)
        assert history["r2"][epoch] == pytest.approx(1 - np.mean(error**2) / np.var(Y), rel=1e-12)


def test_a_share_is_held_out_and_not_learned() -> None:
    seen = set()

    class See(nn.Linear):
        def forward(self, x: Any) -> Any:
            if self.training:
                seen.update(np.asarray(getattr(x, "data", x))[:, 0].tolist())
            return super().forward(x)

    model = See(2, 1, rng=0)
    nn.fit(model, X, Y, epochs=5, batch_size=2, validation=0.3, rng=4, compiled=False)
    assert len(seen) == 7 and seen <= set(X[:, 0].tolist())
    one, other = (nn.fit(nn.Linear(2, 1, rng=0), X, Y, epochs=5, validation=0.3, rng=seed) for seed in (4, 5))
    assert one["val_loss"] != other["val_loss"]


def test_steps_instead_of_epochs() -> None:
    def train(**settings: Any) -> tuple[nn.Module, nn.History]:
        model = nn.TensorMLP(2, [3, 1], rng=0)
        return model, nn.fit(model, X, Y, batch_size=4, rng=0, **settings)

    _, history = train(steps=7)
    _, whole = train(epochs=3)
    assert len(history["loss"]) == 3 and history["loss"][:2] == whole["loss"][:2] != history["loss"][2]
    assert train(steps=9)[1] == whole
    with pytest.raises(ValueError, match="give `epochs` or `steps`, not both"):
        train(steps=1, epochs=1)
    with pytest.raises(ValueError, match="`steps` is a whole number from 1, not 0"):
        train(steps=0)


def test_a_penalty_is_part_of_the_objective() -> None:
    model = nn.Linear(2, 1, rng=0)
    weight, bias = model.weight.data.copy(), np.zeros(1)

    def penalty(net: Any) -> Any:
        return 0.25 * ag.sum(net.weight * net.weight)

    error = X @ weight + bias - Y
    expected = np.mean(error**2) + 0.25 * np.sum(weight**2)
    history = nn.fit(model, X, Y, optimizer=SGD(lr=0.1), epochs=1, batch_size=None, penalty=penalty, validation=(X, Y))
    assert history["loss"][0] == pytest.approx(expected, rel=1e-12)
    after = weight - 0.1 * (2 * X.T @ error / 10 + 0.5 * weight)
    assert np.allclose(model.weight.data, after, rtol=1e-12)
    left = np.mean((model.outputs(X) - Y) ** 2) + 0.25 * np.sum(after**2)
    assert history["val_loss"][0] == pytest.approx(left, rel=1e-12)


def test_weights_of_rows_are_as_if_rows_stood_there_more_often() -> None:
    weights = [0, 1, 2, 3, 1, 0, 1, 2, 1, 1]
    one, other = nn.TensorMLP(2, [3, 1], rng=0), nn.TensorMLP(2, [3, 1], rng=0)
    weighed = nn.fit(one, X, Y, epochs=5, batch_size=None, sample_weight=weights, validation=(X, Y))
    repeated = nn.fit(other, X.repeat(weights, axis=0), Y.repeat(weights, axis=0), epochs=5, batch_size=None,
                      validation=(X, Y))  # fmt: skip
    for name in ("loss", "val_loss"):
        assert weighed[name] == pytest.approx(repeated[name], rel=1e-10)
    shares = nn.fit(one, X, Y, epochs=2, validation=0.5, sample_weight=weights, rng=0)
    assert len(shares["val_loss"]) == 2


def test_classes_that_are_known_stay() -> None:
    model = nn.TensorMLP(2, [8, 3], rng=0)
    y = np.array(list("abcabcabca"))
    nn.fit(model, X, y, "cross_entropy", epochs=1)
    nn.fit(model, X[:2], ["c", "a"], "cross_entropy", epochs=1)
    assert model.output_decoder is not None and model.output_decoder.classes.tolist() == ["a", "b", "c"]
    with pytest.raises(ValueError, match="`y` has 2 classes, 'a', 'z'; the model gives 3 outputs"):
        nn.fit(model, X[:2], ["z", "a"], "cross_entropy", epochs=1)
    with pytest.raises(ValueError, match=r"holds .*'z'.*; the classes are 'a', 'b', 'c'"):
        nn.evaluate(model, X[:1], ["z"], "cross_entropy")
    with pytest.raises(ValueError, match=r"`y of validation` holds .*'z'.*; the classes are 'a', 'b', 'c'"):
        nn.fit(model, X, y, "cross_entropy", validation=(X[:1], ["z"]))
    nn.fit(model, X, np.array(list("xyzxyzxyzx")), "cross_entropy", epochs=1)
    assert model.output_decoder.classes.tolist() == ["x", "y", "z"]


# -- care --


def test_inputs_and_targets_are_not_changed() -> None:
    for dtype in (float, int, np.float32):
        inputs, targets = (10 * X).astype(dtype), (10 * Y).astype(dtype)
        before = inputs.copy(), targets.copy()
        nn.fit(nn.TensorMLP(2, [3, 1], rng=0), inputs, targets, epochs=2, batch_size=3, optimizer=nn.Adam())
        assert np.array_equal(inputs, before[0]) and np.array_equal(targets, before[1])
        assert inputs.flags.writeable


def test_lists_do_as_well_as_arrays() -> None:
    one, other = (nn.fit(nn.Linear(2, 1, rng=0), a, b, epochs=2, rng=0) for a, b in ((X, Y), (X.tolist(), Y.tolist())))
    assert one == other


def test_modes_are_put_back() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Sequential(nn.ReLU(), nn.Linear(2, 1))).eval()
    model[1].training = True
    seen = []

    def loss(z: Any, y: Any) -> Any:
        seen.append([module.training for _, module in model.named_modules()])
        return nn.losses.mse(z, y)

    nn.fit(model, X, Y, loss, epochs=1, compiled=False)
    assert all(map(all, seen))
    assert [module.training for _, module in model.named_modules()] == [False, False, True, False, False]


def changed(before: dict[str, Any], model: nn.Module) -> bool:
    return any(not np.array_equal(before[name], now) for name, now in model.state_dict().items())


NAN = np.where(np.arange(20).reshape(10, 2) == 7, np.nan, 0.0)
LATE = np.array([0] * 8 + [1, 2])


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"X": NAN}, ValueError, r"`X` holds nan at \(3, 1\)"),
        ({"y": np.full(10, np.inf)}, ValueError, r"`y` holds inf at \(0,\)"),
        ({"X": X[:9]}, ValueError, r"`X` has 9 rows and `y` has shape \(10, 2\)"),
        ({"X": X[:, 0]}, ValueError, "needs rows and columns"),
        ({"X": X[:0], "y": Y[:0]}, ValueError, "there is nothing in it"),
        ({"X": X[:, :1]}, ValueError, r"`x` has shape \(1, 1\); Linear\(2, 2\) needs"),
        ({"X": [[1.0], [1.0, 2.0]]}, ValueError, "`X` is a nested list"),
        ({"y": ["a"] * 10}, TypeError, "`y` holds <U1, not numbers"),
        ({"y": 1.0}, ValueError, "one target for each row"),
        ({"y": Y.repeat(3, axis=1)}, ValueError, "must be equal"),
        ({"loss": "cross_entropy", "y": LATE}, ValueError, "`y` has 3 classes, 0, 1, 2; the model gives 2 outputs"),
        ({"loss": "cross_entropy", "y": LATE * 0.5}, ValueError, "`y` holds 0.5, which is no class"),
        ({"loss": "mes"}, ValueError, "`loss` 'mes' is unknown"),
        ({"loss": lambda z, y: z}, TypeError, "must give a single number"),
        ({"loss": lambda z, y: 1.0}, TypeError, "not float"),
        ({"loss": lambda z, y: ag.sum(z) * np.inf}, FloatingPointError, "the loss became"),
        ({"epochs": 0}, ValueError, "`epochs` is a whole number from 1, not 0"),
        ({"batch_size": 2.5}, ValueError, "`batch_size` is a whole number"),
        ({"optimizer": SGD}, TypeError, r"write SGD\(lr=0.1\)"),
        ({"optimizer": 3}, TypeError, "`optimizer` is an optimiser"),
        ({"optimizer": SGD([Value(1.0)], lr=0.1)}, ValueError, "belongs to 1 other parameters"),
        ({"model": nn.ReLU()}, ValueError, "has no parameters"),
        ({"model": lambda x: x}, TypeError, "`model` is a Module"),
        ({"rng": "x"}, TypeError, "`rng` is a seed"),
        ({"X": (row for row in X)}, TypeError, r"`X` is an array, a list or a frame, not generator: write `list\(X\)`"),
        ({"y": None}, TypeError, "`y` is an array, a list or a frame, not NoneType"),
        ({"loss": "cross_entropy", "y": [None] * 10}, ValueError, "`y` holds None .*: each row needs a label"),
        ({"loss": "cross_entropy", "y": list("abcabcabca")}, ValueError, "`y` has 3 classes, 'a', 'b', 'c'; the model"),
        ({"metrics": ["acc"]}, ValueError, "`metrics` 'acc' is unknown"),
        ({"metrics": ["accuracy"]}, ValueError, "holds values, not classes"),
        ({"metrics": ["mae", "mae"]}, ValueError, "each needs a name of its own"),
        ({"metrics": ["confusion_matrix"], "loss": "cross_entropy", "y": [0, 1] * 5}, TypeError, "holds one number"),
        ({"validation": 1.0}, ValueError, "`validation` 1.0 of 10 rows leaves one part empty"),
        ({"progress": "no"}, TypeError, "`progress` is True, False or None, not 'no'"),
        ({"loss": lambda z, y: z, "sample_weight": [1] * 10}, TypeError, "`loss` has no argument `sample_weight`"),
        ({"validation": 3}, TypeError, r"`validation` is `\(X, y\)` or a share"),
        ({"validation": (X, Y, Y, Y)}, TypeError, r"`validation` is `\(X, y\)` or a share"),
        ({"validation": (X, Y, Y)}, ValueError, r"`sample_weight of validation` has shape \(10, 1\)"),
        ({"validation": (X[:, :1], Y)}, ValueError, r"`x` has shape \(1, 1\)"),
        ({"validation": (X, Y[:3])}, ValueError, "`X of validation` has 10 rows and `y of validation` has shape"),
        ({"drop_last": True, "batch_size": 20}, ValueError, "`drop_last` leaves no batch"),
        ({"shuffle": "yes"}, TypeError, "`shuffle` is True or False"),
        ({"sample_weight": [1.0]}, ValueError, r"`sample_weight` has shape \(1,\); there must be one for each row"),
        ({"sample_weight": [-1.0] * 10}, ValueError, "`sample_weight` are numbers from 0"),
        ({"sample_weight": [0.0] * 10}, ValueError, "not all of them 0"),
        ({"penalty": 0.1}, TypeError, "`penalty` is a function of the model"),
        ({"penalty": lambda model: model.layers[0].weight}, TypeError, "`penalty` must give a single number"),
        ({"penalty": lambda model: np.inf}, FloatingPointError, "the loss became inf"),
        ({"resume": True}, ValueError, "`resume=True` goes on from the file of the Checkpoint"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_changed(settings: Any, error: Any, message: str) -> None:
    model = nn.Sequential(nn.Linear(2, 2, rng=0))
    before = model.state_dict()
    arguments = {"model": model, "X": X, "y": Y.repeat(2, axis=1), "batch_size": 3} | settings
    with pytest.raises(error, match=message):
        nn.fit(**arguments)
    assert not changed(before, model)


def test_labels_of_the_hinge_are_checked_up_front() -> None:
    model = nn.MLP(2, [1], rng=0)
    before = model.state_dict()
    with pytest.raises(ValueError, match="`y` has 3 classes, -1, 0, 1; one output tells two apart"):
        nn.fit(model, X, np.array([1] * 8 + [0, -1]), "hinge", batch_size=1)
    assert not changed(before, model)


# -- Ctrl-C --


def interrupting(at: int, interrupt: Any) -> Any:
    """A loss that interrupts in its call number `at`."""
    calls = count()

    def loss(z: Any, y: Any) -> Any:
        if next(calls) == at:
            interrupt()
        return nn.losses.mse(z, y)

    return loss


def raise_interrupt() -> None:
    raise KeyboardInterrupt


def press_ctrl_c() -> None:
    os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize(("interrupt", "least"), [(raise_interrupt, 7), (press_ctrl_c, 8)])
def test_ctrl_c_leaves_the_parameters_of_a_finished_step(interrupt: Any, least: int) -> None:
    model, twin = nn.TensorMLP(2, [3, 1], rng=0), nn.TensorMLP(2, [3, 1], rng=0)
    optimizer = SGD(lr=0.01)
    handler = signal.getsignal(signal.SIGINT)
    rest: dict[str, Any] = {"batch_size": 5, "shuffle": False, "compiled": False}
    history = nn.fit(model, X, Y, interrupting(7, interrupt), optimizer=optimizer, epochs=20_000, **rest)
    assert signal.getsignal(signal.SIGINT) is handler
    assert history.interrupted and repr(history).endswith("; interrupted)")
    assert optimizer.steps == least if interrupt is raise_interrupt else least <= optimizer.steps < 20_000
    assert len(history["loss"]) == optimizer.steps // 2
    whole = nn.fit(twin, X, Y, optimizer=SGD(lr=0.01), steps=optimizer.steps, **rest)
    assert history["loss"] == whole["loss"][: optimizer.steps // 2]
    assert not changed(twin.state_dict(), model)


def test_a_second_ctrl_c_does_not_tear_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    commit, calls = nn.Optimizer._commit, count(1)

    def torn(self: Any, live: Any, new: Any, *rest: Any) -> None:
        if next(calls) == 3:
            commit(self, live[:1], new, self.states, self.steps, self.skipped)
            raise KeyboardInterrupt
        commit(self, live, new, *rest)

    monkeypatch.setattr(nn.Optimizer, "_commit", torn)
    model, twin = nn.TensorMLP(2, [3, 1], rng=0), nn.TensorMLP(2, [3, 1], rng=0)
    optimizer = nn.Adam(lr=0.01)
    history = nn.fit(model, X, Y, optimizer=optimizer, epochs=9, batch_size=None, compiled=False)
    assert history.interrupted and optimizer.steps == 3 == len(history["loss"])
    monkeypatch.undo()
    nn.fit(twin, X, Y, optimizer=nn.Adam(lr=0.01), epochs=3, batch_size=None, compiled=False)
    assert not changed(twin.state_dict(), model)


def test_a_net_of_yours_draws_the_same_numbers_whether_its_steps_can_be_compiled_or_not() -> None:
    class Noisy(nn.Linear):
        def forward(self, x: Any) -> Any:
            return super().forward(x + self.rng.normal(size=x.shape) if self.training else x)

    def train(compiled: bool | None) -> Any:
        model = Noisy(2, 1, rng=0)
        model.rng = np.random.default_rng(1)
        return nn.fit(model, X, Y, epochs=3, batch_size=5, compiled=compiled, rng=0), model.rng.random()

    (history, after), (want, after_eager) = train(None), train(False)
    assert history.compiled and after == after_eager
    np.testing.assert_allclose(history["loss"], want["loss"], rtol=1e-12)
