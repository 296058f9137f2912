"""What outputs, columns and classes mean: one place for each, the same in fit, predict, evaluate and the plots."""

from __future__ import annotations

import functools
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd as ag
import nn
from nn.losses import Criterion, targets

X, Y = nn.datasets.iris(names=True)
TWO = np.where(Y == "setosa", "yes", "no")


def own_poisson(logs: Any, y: Any) -> Any:
    return ag.mean(ag.exp(logs) - y * logs)


def focal(z: Any, labels: Any) -> Any:
    return -ag.sum(labels * ag.log_softmax(z) * (1.0 - ag.softmax(z)) ** 2, axis=-1)


# What outputs mean ---------------------------------------------------------------------------------------------


def test_a_loss_of_your_own_predicts_by_its_output_activation(tmp_path: Path) -> None:
    own_poisson.output_activation = ag.exp  # type: ignore[attr-defined]
    made = Criterion(lambda logs, y: ag.exp(logs) - y * logs, targets.reals, output_activation=ag.exp)
    for loss in (made, own_poisson, functools.partial(own_poisson), "poisson_nll", "poisson"):
        model = nn.TensorMLP(1, [1], rng=0)
        inputs, counts = np.zeros((50, 1)), np.full(50, 20.0)
        history = nn.fit(model, inputs, counts, loss, epochs=300, optimizer=nn.Adam(lr=0.05), metrics=["mae"], rng=0)
        nn.save(model, tmp_path / "net.npz")
        for net in (model, nn.load(tmp_path / "net.npz")):
            assert net.predict(inputs[:1])[0] == pytest.approx(20.0, rel=1e-3)
            assert nn.evaluate(net, inputs, counts, metrics="mae")["mae"] == pytest.approx(history["mae"][-1])


def test_a_loss_of_your_own_of_classes_gives_labels_and_probabilities(tmp_path: Path) -> None:
    model = nn.TensorMLP(4, [8, 3], "tanh", rng=0)
    loss = Criterion(focal, targets.classes, output_activation=ag.softmax)
    nn.fit(model, X, Y, loss, optimizer=nn.Adam(lr=0.02), rng=0)
    nn.save(model, tmp_path / "net.npz")
    for net in (model, nn.load(tmp_path / "net.npz")):
        assert np.mean(net.predict(X) == Y) > 0.9 and nn.evaluate(net, X, Y)["accuracy"] > 0.9
        assert np.allclose(net.predict_proba(X), ag.softmax(net.outputs(X)))
    signs = Criterion(lambda z, y: (ag.tanh(z) - y) ** 2, targets.signs, output_activation=ag.tanh)
    one = nn.TensorMLP(4, [4, 1], "tanh", rng=0)
    nn.fit(one, X, TWO, signs, optimizer=nn.Adam(lr=0.02), epochs=50, rng=0)
    assert np.mean(one.predict(X) == TWO) > 0.9
    assert np.allclose(one.predict_proba(X)[:, 1], (1 + np.tanh(one.outputs(X)[:, 0])) / 2)


def test_an_activation_that_no_file_can_hold_is_refused(tmp_path: Path) -> None:
    model = nn.TensorMLP(1, [1], rng=0)
    model.output_decoder = nn.OutputDecoder("mse", output_activation=lambda z: z + 1.0)
    assert model.predict([[0.0]]) == model.outputs([[0.0]])[0] + 1.0
    with pytest.raises(TypeError, match=r"`output_activation` .* cannot be written to a file: use a function of"):
        nn.save(model, tmp_path / "net.npz")
    for name in ("compile", "nothing"):
        with pytest.raises(ValueError, match="`output_activation` is a function of numbers in autograd"):
            nn.OutputDecoder("mse", output_activation=name)


class Written(nn.Module):
    """A net whose softmax is written out."""

    def __init__(self) -> None:
        self.linear = nn.Linear(4, 3, rng=0)

    def forward(self, x: Any) -> Any:
        e = ag.exp(self.linear(x))
        return e / ag.sum(e, axis=-1, keepdims=True)


class OfValues(nn.Module):
    """A net of Values that ends with a sigmoid."""

    batched = False

    def __init__(self) -> None:
        self.net = nn.MLP(4, [2, 1], rng=0)

    def forward(self, x: Any) -> Any:
        return [ag.sigmoid(out) for out in self.net(x)]


@pytest.mark.parametrize(("last", "loss", "message"), [
    ([nn.Softmax()], "cross_entropy", "ends with softmax, .* 'cross_entropy' applies softmax .*: leave the last"),
    ([nn.Sigmoid()], nn.losses.cross_entropy.using(label_smoothing=0.1), "ends with sigmoid"),
    ([nn.Softmax()], "nll", "ends with softmax, .* 'nll' takes log-probabilities: end it with LogSoftmax instead"),
    ([nn.Sigmoid(), nn.Flatten()], "bce_with_logits", "ends with sigmoid, .* 'bce_with_logits' applies sigmoid"),
    (Written, "cross_entropy", "ends with softmax"), (OfValues, "bce_with_logits", "ends with sigmoid"),
    ([nn.LogSoftmax()], "nll", ""), ([nn.Sigmoid()], "bce", ""), ([], "cross_entropy", ""), ([nn.Tanh()], "hinge", ""),
])  # fmt: skip
def test_an_activation_that_the_loss_applies_itself_is_warned_about(last: Any, loss: Any, message: str) -> None:
    many = "cross_entropy" in str(loss) or loss == "nll"
    model = nn.Sequential(nn.Linear(4, 3 if many else 1, rng=0), *last) if isinstance(last, list) else last()
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        nn.fit(model, X, Y if many else TWO, loss, epochs=1, rng=0)
    said = [str(each.message) for each in seen if "ends with" in str(each.message)]  # a net of Values trains eagerly
    assert len(said) == bool(message) and all(re.search(message, each) for each in said)


def test_a_partial_of_a_loss_is_the_loss_with_settings() -> None:
    weigh = {"class_weight": [1.0, 2.0, 3.0]}
    found = [
        nn.fit(nn.TensorMLP(4, [3], rng=0), X, Y, loss, epochs=1, metrics=["accuracy"], rng=0)
        for loss in (nn.losses.cross_entropy.using(**weigh), functools.partial(nn.losses.cross_entropy, **weigh))
    ]
    assert found[0] == found[1]
    with pytest.raises(TypeError, match=r"A loss of `nn.losses` takes labels: set it up by `.using`"):
        nn.fit(nn.TensorMLP(4, [3], rng=0), X, Y, lambda z, y: nn.losses.cross_entropy(z, y, **weigh), epochs=1)


# Columns -------------------------------------------------------------------------------------------------------


def test_the_columns_of_a_frame_are_taken_by_name(tmp_path: Path) -> None:
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(X, columns=list("abcd"))
    model = nn.TensorMLP(4, [8, 3], rng=0)
    nn.fit(model, frame, Y, "cross_entropy", epochs=5, rng=0, validation=(frame[list("dcba")], Y))
    nn.save(model, tmp_path / "net.npz")
    for net in (model, nn.load(tmp_path / "net.npz")):
        for other in (frame[list("dcba")], X):
            assert np.array_equal(net.predict(other), net.predict(frame))
            assert np.array_equal(net.predict_proba(other), net.predict_proba(frame))
            assert np.array_equal(net.outputs(other), net.outputs(frame))
            assert nn.evaluate(net, other, Y, "cross_entropy") == nn.evaluate(net, frame, Y, "cross_entropy")
        for wrong, message in (
            (frame[list("abc")], "`X` lacks 'd': the model was trained on the columns 'a', 'b', 'c', 'd'"),
            (frame.rename(columns={"a": "z"}), "`X` lacks 'a' and also has 'z'"),
            (frame.assign(e=1.0), "`X` also has 'e'"), (frame[list("aabcd")], "`X` has 'a' twice"),
        ):  # fmt: skip
            for ask in (net.predict, net.predict_proba, net.outputs, lambda wrong, net=net: nn.evaluate(net, wrong, Y)):
                with pytest.raises(ValueError, match=message):
                    ask(wrong)
    scaler = nn.StandardScaler().fit(frame)
    assert np.array_equal(scaler.transform(frame[list("dcba")]), scaler.transform(frame))
    again = nn.fit(nn.load(tmp_path / "net.npz"), frame[list("dcba")], Y, "cross_entropy", epochs=1, rng=0)
    assert again == nn.fit(nn.load(tmp_path / "net.npz"), frame, Y, "cross_entropy", epochs=1, rng=0)
    nn.fit(model, frame.rename(columns=str.upper), Y, "cross_entropy", epochs=1)  # other data: other names
    assert model.output_decoder is not None and model.output_decoder.columns == list("ABCD")


# Classes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
def test_no_class_vanishes_from_a_part(seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels = np.repeat(list("abcd"), [3, 7, 90 + seed, 50])[rng.permutation(150 + seed)]
    rows = np.arange(len(labels))[:, None]
    parts = nn.split(rows, labels, (0.15, 0.1), rng=seed, stratify=labels)
    assert sorted(np.concatenate(parts[:3])[:, 0].tolist()) == rows[:, 0].tolist()
    for part, share in zip(parts[3:], (0.75, 0.15, 0.1), strict=True):
        have = [int(np.sum(part == label)) for label in "abcd"]
        assert min(have) >= 1 and len(part) == pytest.approx(share * len(labels), abs=1)
        assert all(abs(n - share * np.sum(labels == k)) < 2 for n, k in zip(have, "abcd", strict=True))
    with pytest.raises(ValueError, match="`stratify` puts each of 3 classes into each of 2 parts; 'z' has 1 rows"):
        nn.split(np.zeros((9, 1)), list("xxxxyyyyz"), 0.4, stratify=True)
    model = nn.TensorMLP(1, [4], rng=0)
    history = nn.fit(model, rows / 100.0, labels, "cross_entropy", validation=0.05, epochs=1, rng=seed,
                     metrics=[lambda truth, _: float(len(set(truth)))])  # fmt: skip
    assert history["<lambda>"] == [4.0] and history["val_<lambda>"] == [4.0]


def test_class_weights_are_weights_of_rows() -> None:
    def train(**settings: Any) -> Any:
        return nn.fit(nn.TensorMLP(4, [3], rng=0), X[:120], Y[:120], "cross_entropy", epochs=3, rng=0, **settings)

    names, counts = np.unique(Y[:120], return_counts=True)
    balanced = dict(zip(names.tolist(), 120 / (3 * counts), strict=True))
    by_row = np.array([balanced[label] for label in Y[:120]])
    for given in ("balanced", balanced, list(balanced.values())):
        assert train(class_weight=given) == train(sample_weight=by_row)
    held = (X[::3], Y[::3])
    weighed = np.array([balanced[label] for label in Y[::3]])
    assert train(class_weight="balanced", validation=held) == train(sample_weight=by_row, validation=(*held, weighed))
    assert train(class_weight={"setosa": 2.0})["loss"] != train()["loss"]
    for wrong, error, message in (
        ({"class_weight": {"rose": 1.0}}, ValueError, "`class_weight` names 'rose'; the classes are"),
        ({"class_weight": [1.0]}, ValueError, "give one for each of 3 classes"),
        ({"class_weight": "even"}, ValueError, "`class_weight` is one of 'balanced'"),
    ):
        with pytest.raises(error, match=message):
            train(**wrong)
    with pytest.raises(ValueError, match="`y` holds no labels"):
        nn.fit(nn.TensorMLP(4, [1], rng=0), X, X[:, 0], class_weight="balanced")


def test_weights_of_validation_and_of_evaluation_count() -> None:
    weights = np.where(Y == "setosa", 3.0, 1.0)
    model = nn.TensorMLP(4, [3], rng=0)
    history = nn.fit(model, X, Y, "cross_entropy", epochs=2, validation=(X, Y, weights), rng=0)
    want = nn.losses.cross_entropy(model.outputs(X), np.unique(Y, return_inverse=True)[1], sample_weight=weights)
    assert history["val_loss"][-1] == pytest.approx(float(want))
    assert nn.evaluate(model, X, Y, "cross_entropy", sample_weight=weights)["loss"] == pytest.approx(float(want))


def test_rows_to_ignore_are_left_out() -> None:
    labels = np.unique(Y, return_inverse=True)[1]
    some = np.where(np.arange(150) % 5 == 0, -100, labels)
    loss = nn.losses.cross_entropy.using(ignore_index=-100)
    one, two = nn.TensorMLP(4, [3], rng=0), nn.TensorMLP(4, [3], rng=0)
    a = nn.fit(one, X, some, loss, epochs=3, rng=0, metrics=["accuracy"])
    b = nn.fit(two, X[some >= 0], labels[some >= 0], "cross_entropy", epochs=3, rng=0, metrics=["accuracy"])
    assert a == b and nn.evaluate(one, X, some, loss) == nn.evaluate(two, X[some >= 0], labels[some >= 0], loss)
    with pytest.raises(ValueError, match="`y` holds nothing but -100, which `loss` ignores"):
        nn.fit(one, X, np.full(150, -100), loss)


def test_plots_take_labels_of_any_type() -> None:
    pytest.importorskip("matplotlib").use("Agg")
    points, y = nn.datasets.moons(40, rng=0)
    names = np.array(["red", "blue"])[y.astype(int)]
    model = nn.TensorMLP(2, [4, 2], rng=1)
    nn.fit(model, points, names, "cross_entropy", epochs=2, rng=0)
    nn.plots.decision_boundary(model, points, names)
    nn.plots.hidden_units(model, points, names)
    nn.plots.snapshots(model, {"now": model.state_dict()}, points, names)
    nn.plots.loss_surface(model, points, names, "cross_entropy", resolution=2)
    assert nn.inspect.hessian(model, points, names, "cross_entropy").shape == (22, 22)


# Scales --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("scale", "hints"), [
    ([1.0, 1.0], 0), ([1.0, 20.0], 0), ([255.0, 255.0], 0), ([1e-3, 1.0], 0), ([1.0, 1e3], 1), ([1e-2, 1e5], 1),
])  # fmt: skip
def test_columns_of_unlike_scales_are_noticed_once(scale: Any, hints: int) -> None:
    points, y = nn.datasets.moons(60, rng=0)
    rare = np.eye(60)[:, :1]  # one row of 60 is 1, the others 0
    inputs = np.concatenate([points * scale, rare], axis=1)
    for make in (lambda: nn.TensorMLP(3, [4, 1], rng=0), lambda: nn.MLP(3, [2, 1], rng=0)):
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            nn.fit(make(), inputs, y, "bce_with_logits", epochs=2, rng=0)
            nn.fit(make(), nn.StandardScaler().fit_transform(inputs), y, "bce_with_logits", epochs=1, rng=0)
        assert ["StandardScaler" in str(w.message) for w in seen] == [True] * hints


# Messages ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("call", "message"), [
    (lambda m: nn.fit(m, X, X[:, 0], "MSE"), r"Did you mean 'mse'\?$"),
    (lambda m: nn.fit(m, X, X[:, 0], metrics=["R2"]), r"Did you mean 'r2'\?$"),
    (lambda m: nn.fit(m, X, X[:, 0], seed=1), r"Did you mean 'rng'\?$"),
    (lambda m: nn.fit(m, X, X[:, 0], validation_split=0.2), r"Did you mean 'validation'\?$"),
    (lambda m: nn.fit(m, X, X[:, 0], lr=0.1), r"give it to the optimiser, such as `optimizer=nn.Adam\(lr=0.01\)`"),
    (lambda m: nn.fit(m, X, X[:, 0], optimizer="adma"), r"Did you mean 'adam'\?$"),
    (lambda m: m.fit(X, X[:, 0]), r"train it with `nn.fit\(model, X, y\)`"),
    (lambda m: nn.MLP(4, [2, 1], seed=1), r"Did you mean 'rng'\?$"),
    (lambda m: nn.MLP([4, 2, 1]), "arguments are nin, nouts"),
    (lambda m: nn.MLP(4, [2, 1], "Tanh"), r"Did you mean 'tanh'\?$"), (lambda m: nn.SGD(0.1), "by its name, `lr=0.1`"),
    (lambda m: nn.Adam(learning_rate=0.1), r"Did you mean 'lr'\?$"),
    (lambda m: nn.train_test_split, r"Did you mean 'split'\?$"),
    (lambda m: nn.CrossEntropyLoss, r"Did you mean 'losses.cross_entropy'\?$"),
    (lambda m: nn.datasets.load_iris, r"Did you mean 'iris'\?$"),
])  # fmt: skip
def test_near_misses_are_answered(call: Any, message: str) -> None:
    with pytest.raises((TypeError, ValueError, AttributeError), match=message):
        call(nn.TensorMLP(4, [1], rng=0))


def test_an_error_inside_a_call_stays_what_it_was() -> None:
    def loss(outputs: Any, y: Any) -> Any:
        return ag.mean(outputs, nothing=y)

    with pytest.raises(TypeError, match="nothing") as error:
        nn.fit(nn.TensorMLP(4, [1], rng=0), X, X[:, 0], loss)
    assert "Did you mean" not in str(error.value) and "its arguments" not in str(error.value)


def test_a_saturated_bce_names_the_loss_of_logits() -> None:
    model = nn.Sequential(nn.Linear(1, 1, rng=0), nn.Sigmoid())
    inputs = np.array([[1e4], [-1e4]])
    with pytest.raises(FloatingPointError, match=r"bce is infinite .* train with 'bce_with_logits'"):
        nn.fit(model, inputs, [int(model.outputs([[1e4]])[0, 0] < 0.5)] * 2, "bce", epochs=3)


def test_an_optimiser_goes_by_a_name() -> None:
    found = [nn.fit(nn.TensorMLP(4, [3], rng=0), X, Y, "cross_entropy", optimizer=one, epochs=2, rng=0)
             for one in ("adam", "Adam", nn.Adam(), None)]  # fmt: skip
    assert all(each == found[0] for each in found)
