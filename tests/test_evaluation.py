"""Evaluation: numbers of a model on data, as in use, and what must be known for them."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

import autograd as ag
import nn
from nn.optim import SGD
from nn.training import evaluation

X = np.random.default_rng(0).normal(size=(10, 2))
Y = X[:, :1] - 2 * X[:, 1:] + 0.5
NAN = np.where(np.arange(20).reshape(10, 2) == 7, np.nan, 0.0)


def test_dropout_and_noise_are_off_where_it_is_measured() -> None:
    class Wild(nn.Linear):
        def forward(self, x: Any) -> Any:
            return super().forward(x) * (np.nan if self.training and not measured else 1.0)

    measured = True
    model = Wild(2, 1, rng=0)
    nn.fit(model, X, Y, epochs=1, metrics=["r2"])
    measured = False
    assert np.all(np.isfinite(model.predict(X))) and model.training
    assert np.isfinite(nn.evaluate(model, X, Y)["r2"])
    with pytest.raises(FloatingPointError):
        nn.fit(model, X, Y, epochs=1, metrics=["r2"], validation=(X, Y))


def test_a_sum_is_measured_like_a_mean() -> None:
    total = nn.losses.mse.using(reduction="sum")
    model = nn.Linear(2, 1, rng=0)
    history = nn.fit(model, X, Y, total, epochs=1, batch_size=None, validation=(X, Y), optimizer=SGD(lr=1e-9))
    assert history["val_loss"][0] == pytest.approx(history["loss"][0], rel=1e-6)
    assert nn.evaluate(model, X, Y, total)["loss"] == pytest.approx(history["val_loss"][0])


def test_it_must_be_known_what_outputs_mean() -> None:
    model = nn.Linear(2, 2)
    for call in (lambda: model.predict(X), lambda: model.predict_proba(X), lambda: nn.evaluate(model, X, Y)):
        with pytest.raises(RuntimeError, match="it is not known what the outputs of this model mean"):
            call()
    model.output_decoder = nn.OutputDecoder("logits", ["cat", "dog"])
    assert set(model.predict(X).tolist()) <= {"cat", "dog"}
    for data, message in ((NAN, "`X` holds nan"), (X[:, :1], "needs"), (X[0], "needs rows and columns")):
        with pytest.raises(ValueError, match=message):
            model.predict(data)


def test_without_a_reading_a_loss_is_enough() -> None:
    model = nn.Linear(2, 1, rng=0)
    error = model.outputs(X) - Y
    assert nn.evaluate(model, X, Y[:, 0], "mse") == {"loss": pytest.approx(np.mean(error**2), rel=1e-12)}
    assert nn.evaluate(model, X, Y, lambda z, y: nn.losses.mae(z, y)) == {"loss": pytest.approx(np.mean(np.abs(error)))}


def test_metrics_may_give_anything() -> None:
    model = nn.TensorMLP(2, [3, 2], rng=0)
    labels = np.array(["no", "yes"])[(Y[:, 0] > 0).astype(int)]
    model.output_decoder = nn.OutputDecoder("logits", ["no", "yes"])
    shape = lambda truth, predictions: (truth.shape, predictions.dtype.kind)
    numbers = nn.evaluate(model, X, labels, metrics=[shape, "confusion_matrix"])
    assert numbers["<lambda>"] == ((10,), "U") and numbers["confusion_matrix"].sum() == 10


@pytest.mark.parametrize(
    ("loss", "kind"),
    [
        ("mse", "values"), ("huber", "values"), ("gaussian_nll", "values"), ("bce", "probability"),
        ("bce_with_logits", "logit"), ("hinge", "margin"), ("squared_hinge", "margin"), ("cross_entropy", "logits"),
        ("nll", "log_probabilities"), ("multiclass_hinge", "scores"), ("squared_multiclass_hinge", "scores"),
        (nn.losses.cross_entropy.using(label_smoothing=0.1), "logits"), (lambda z, y: nn.losses.mse(z, y), "values"),
    ],
)  # fmt: skip
def test_a_loss_says_what_the_outputs_mean(loss: Any, kind: str) -> None:
    many = kind in ("logits", "log_probabilities", "scores")
    last = {"bce": nn.Sigmoid(), "nll": nn.LogSoftmax()}.get(loss if isinstance(loss, str) else "", nn.Identity())
    model = nn.Sequential(nn.Linear(2, 2 if many else 1, rng=0), last)
    y = Y[:, 0] if kind == "values" else np.array(["no", "yes"])[(Y[:, 0] > 0).astype(int)]
    nn.fit(model, X, y, loss, optimizer=nn.Adam(lr=0.1), epochs=60, rng=0)
    assert model.output_decoder is not None and model.output_decoder.kind == kind
    if kind != "values":
        assert np.mean(model.predict(X) == y) >= 0.9
    if kind in ("probability", "logit", "logits", "log_probabilities"):
        chances = model.predict_proba(X)
        assert np.allclose(chances.sum(axis=1), 1) and np.all(chances >= 0)
        assert np.array_equal(np.array(["no", "yes"])[chances.argmax(axis=1)], model.predict(X))


class Noisy(nn.Sequential):
    """Draws noise, also in use."""

    def forward(self, x: Any) -> Any:
        return super().forward(x) + (0.0 if self.training else random.gauss())


class Drawing(nn.Sequential):
    """Draws as a program can."""

    rng = np.random.default_rng(0)

    def forward(self, x: Any) -> Any:
        return super().forward(x) + (0.0 if self.training else ag.fresh(lambda: Drawing.rng.normal()))


class Counting(nn.Sequential):
    """Changes with each measurement."""

    count = 0

    def forward(self, x: Any) -> Any:
        self.count += not self.training
        return super().forward(x) * (1.0 + 0.1 * self.count * (not self.training))


class OfKinds(nn.Sequential):
    """Asks for the type of what it is given."""

    def forward(self, x: Any) -> Any:
        return super().forward(x) * (2.0 if isinstance(x, np.ndarray) and not self.training else 1.0)


class Branching(nn.Sequential):
    """Asks for a number."""

    def forward(self, x: Any) -> Any:
        out = super().forward(x)
        return out * 2.0 if not self.training and float(ag.sum(out).data) > 0.0 else out


def loss_of_kinds(outputs: Any, y: Any) -> Any:
    return ag.mean((outputs - y) ** 2) * (3.0 if isinstance(outputs, np.ndarray) else 1.0)


@pytest.mark.parametrize("loss", ["bce_with_logits", loss_of_kinds])
@pytest.mark.parametrize("kind", [nn.Sequential, Noisy, Drawing, Counting, OfKinds, Branching])
def test_an_epoch_is_measured_by_programs_as_eagerly(kind: Any, loss: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation, "EAGER_EPOCHS", 3)

    def train(compiled: bool | None) -> tuple[Any, ...]:
        Drawing.rng = np.random.default_rng(5)
        random.seed(3)
        model = kind(nn.Linear(2, 8, rng=1), nn.Tanh(), nn.Dropout(0.3, rng=2), nn.Linear(8, 1, rng=3))
        validation = nn.datasets.moons(30, rng=1)

        def change(epoch: int, logs: dict[str, float]) -> None:
            if epoch == 5:
                validation[0][:] *= 2.0
            elif epoch == 6:
                model[0].weight.data = model[0].weight.data * 0.5

        history = nn.fit(model, *nn.datasets.moons(60, rng=0), loss, optimizer=nn.Adam(lr=0.02), epochs=10, rng=0,
                         compiled=compiled, validation=validation, callbacks=change,
                         metrics=["mse" if loss is loss_of_kinds else "accuracy"])  # fmt: skip
        return history, Drawing.rng.normal(), random.gauss()

    (history, *drawn), (expected, *others) = train(None), train(False)
    assert drawn == others
    for name, row in expected.items():
        assert history[name] == pytest.approx(row, rel=1e-12)


def test_an_epoch_is_measured_by_a_program_that_is_traced_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    monkeypatch.setattr(evaluation, "EAGER_EPOCHS", 3)
    monkeypatch.setattr(evaluation, "compile", lambda f: made.append(ag.compile(f)) or made[-1])
    validation = nn.datasets.moons(30, rng=1)
    nn.fit(nn.TensorMLP(2, [8, 1], rng=0), *nn.datasets.moons(60, rng=0), "bce_with_logits", epochs=9, rng=0,
           validation=validation, metrics=["accuracy"])  # fmt: skip
    assert [[len(traces) for traces in program._traces.values()] for program in made] == [[1], [1], [1]]
    made.clear()
    nn.fit(nn.TensorMLP(2, [8, 1], rng=0), *nn.datasets.moons(60, rng=0), "bce_with_logits", epochs=9, rng=0,
           validation=validation, compiled=False)  # fmt: skip
    assert not made
