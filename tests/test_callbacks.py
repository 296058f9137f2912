"""Callbacks: which are called when, what they ask for, early stopping, logs, plots."""

from __future__ import annotations

import csv
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nn
from nn.training.runner import eager_runner

X = np.random.default_rng(0).normal(size=(10, 2))
Y = X[:, :1] - 2 * X[:, 1:] + 0.5


class Diary(nn.Callback):
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def on_train_begin(self, logs: Any) -> None:
        self.lines.append("train")

    def on_train_end(self, logs: Any) -> None:
        self.lines.append(f"end {sorted(logs)}")

    def on_epoch_begin(self, epoch: int, logs: Any) -> None:
        self.lines.append(f"epoch {epoch}")

    def on_epoch_end(self, epoch: int, logs: Any) -> None:
        self.lines.append(f"epoch {epoch} {sorted(logs)}")

    def on_batch_begin(self, batch: int, logs: Any) -> None:
        self.lines.append(f"batch {batch}")

    def on_batch_end(self, batch: int, logs: Any) -> None:
        self.lines.append(f"batch {batch} {sorted(logs)}")


def test_the_order_of_calls() -> None:
    diary = Diary()
    nn.fit(nn.Linear(2, 1), X, Y, epochs=2, batch_size=5, validation=(X, Y), metrics=["mae"], callbacks=diary)
    batches = ["batch 0", "batch 0 ['loss']", "batch 1", "batch 1 ['loss']"]
    numbers = "['loss', 'mae', 'val_loss', 'val_mae']"
    assert diary.lines == [
        "train",
        *["epoch 0", *batches, f"epoch 0 {numbers}"],
        *["epoch 1", *batches, f"epoch 1 {numbers}"],
        f"end {numbers}",
    ]


def calls_of_the_runner(monkeypatch: pytest.MonkeyPatch, **settings: Any) -> list[int]:
    """How many batches `fit` hands over in each call."""
    sizes: list[int] = []

    def counting(*parts: Any) -> Any:
        run = eager_runner(*parts)

        def counted(batches: Any) -> list[float]:
            sizes.append(len(batches))
            return run(batches)

        return counted

    monkeypatch.setattr(import_module("nn.training.compiled_runner"), "eager_runner", counting)
    nn.fit(nn.Linear(2, 1, rng=0), X, Y, rng=0, compiled=False, **settings)
    return sizes


class EachBatch(nn.Callback):
    def on_batch_end(self, batch: int, logs: Any) -> None: ...


class EachEpoch(nn.Callback):
    def on_epoch_begin(self, epoch: int, logs: Any) -> None: ...


class Ends(nn.Callback):
    def on_train_end(self, logs: Any) -> None: ...


def test_callbacks_ask_by_the_methods_that_they_write(monkeypatch: pytest.MonkeyPatch) -> None:
    def sizes(**settings: Any) -> list[int]:
        return calls_of_the_runner(monkeypatch, batch_size=2, **settings)

    assert set(sizes(epochs=40, callbacks=[EachBatch(), Ends()])) == {1}
    for asking in ({"callbacks": [EachEpoch()]}, {"callbacks": [lambda epoch, logs: None]}, {"validation": (X, Y)},
                   {"metrics": ["r2"]}, {"optimizer": nn.SGD(lr=nn.schedules.OnPlateau(0.1))}):  # fmt: skip
        found = sizes(epochs=40, **asking)
        ends = np.cumsum(found)
        assert sum(found) == 200 and max(found) <= 5
        assert set(range(5, 201, 5)) <= set(ends.tolist())  # no call goes over the end of an epoch
    assert max(sizes(epochs=400, callbacks=[Ends()])) > 5


def test_how_steps_are_handed_over_changes_nothing() -> None:
    one, two, three = (
        nn.fit(nn.TensorMLP(2, [3, 1], rng=0), X, Y, epochs=50, batch_size=3, rng=0, callbacks=callbacks)
        for callbacks in ([], [EachEpoch()], [EachBatch()])
    )
    assert one == two == three and len(one["loss"]) == 50


def test_a_callback_changes_the_training_that_runs() -> None:
    class Halve(nn.Callback):
        def on_epoch_end(self, epoch: int, logs: Any) -> None:
            self.training.optimizer.lr /= 2
            if epoch == 2:
                self.training.stop("enough")
            rates.append(self.training.optimizer.lr)
            assert self.model is model and self.training.epoch == epoch + 1 and self.training.epochs == 9

    rates: list[float] = []
    model = nn.Linear(2, 1)
    history = nn.fit(model, X, Y, epochs=9, optimizer=nn.SGD(lr=0.8), callbacks=[Halve()])
    assert rates == [0.4, 0.2, 0.1] and history.stopped == "enough" and len(history["loss"]) == 3
    assert repr(history).endswith("; enough)")


def test_a_function_is_called_after_each_epoch() -> None:
    seen = []
    note = lambda epoch, logs: seen.append((epoch, logs["loss"]))
    history = nn.fit(nn.Linear(2, 1), X, Y, epochs=3, callbacks=[note])
    assert seen == list(enumerate(history["loss"]))


def test_an_error_in_a_callback_comes_out_and_the_modes_are_put_back() -> None:
    def fail(epoch: int, logs: Any) -> None:
        raise RuntimeError("mine")

    model = nn.Linear(2, 1).eval()
    with pytest.raises(RuntimeError, match="mine"):
        nn.fit(model, X, Y, epochs=3, callbacks=[fail])
    assert not model.training


# -- early stopping --


def scores(numbers: list[float]) -> Any:
    """A metric that gives these numbers, one in each epoch (the first of them once more, before all)."""
    rest = iter([numbers[0], *numbers])

    def score(truth: Any, predictions: Any) -> float:
        return next(rest)

    return score


@pytest.mark.parametrize(("mode", "sign"), [("min", 1.0), ("max", -1.0)])
def test_early_stopping_waits_and_goes_back(mode: str, sign: float) -> None:
    numbers = [sign * number for number in (5.0, 4.0, 3.9, 4.5, np.nan, 3.95, 1.0)]
    states = []
    stopping = nn.EarlyStopping("score", mode=mode, patience=3)
    model = nn.Linear(2, 1, rng=0)
    history = nn.fit(model, X, Y, epochs=7, metrics=[scores(numbers)], rng=0,
                     callbacks=[stopping, lambda epoch, logs: states.append(model.state_dict())])  # fmt: skip
    assert len(history["loss"]) == 6 and history.stopped == "no better 'score' for 3 epochs"
    assert stopping.best_epoch == 2 and stopping.best == sign * 3.9
    for name, array in model.state_dict().items():
        assert np.array_equal(array, states[2][name]) and not np.array_equal(array, states[5][name])


def test_a_small_step_does_not_count() -> None:
    stopping = nn.EarlyStopping("score", mode="min", patience=2, min_delta=0.5, restore_best=False)
    falling = scores([5.0, 4.0, 3.9, 3.8, 3.7])
    history = nn.fit(nn.Linear(2, 1), X, Y, epochs=5, metrics=[falling], callbacks=[stopping])
    assert len(history["loss"]) == 4 and stopping.best == 4.0


def test_the_best_parameters_come_back_also_if_all_epochs_were_done() -> None:
    model = nn.Linear(2, 1, rng=0)
    stopping = nn.EarlyStopping("loss", patience=100)
    states = [model.state_dict()]
    history = nn.fit(model, X, Y, epochs=6, optimizer=nn.SGD(lr=1.6), batch_size=None,
                     callbacks=[stopping, lambda epoch, logs: states.append(model.state_dict())])  # fmt: skip
    best = int(np.argmin(history["loss"]))
    assert stopping.best_epoch == best < 5 and not history.stopped
    assert np.array_equal(model.state_dict()["weight"], states[best]["weight"])  # at the start of that epoch
    assert float(nn.losses.mse(model.outputs(X), Y.reshape(-1, 1))) == pytest.approx(history["loss"][best], rel=1e-12)


def test_stopping_can_be_used_again() -> None:
    stopping = nn.EarlyStopping("loss", patience=2)
    runs = [nn.fit(nn.Linear(2, 1, rng=0), X, Y, epochs=5, rng=0, callbacks=[stopping]) for _ in range(2)]
    assert runs[0] == runs[1]


def test_a_rate_goes_down_on_a_plateau() -> None:
    def rates(**settings: Any) -> list[float]:
        seen: list[float] = []
        lr = nn.schedules.OnPlateau(1e-12, factor=0.5, patience=1, **settings)
        nn.fit(nn.Linear(2, 1, rng=0), X, Y, epochs=6, optimizer=nn.SGD(lr=lr), metrics=["r2"], validation=(X, Y),
               callbacks=[lambda epoch, logs: seen.append(lr.lr)])  # fmt: skip
        return seen

    assert rates() == rates(mode="max") == [1e-12, 1e-12, 5e-13, 5e-13, 2.5e-13, 2.5e-13]
    with pytest.raises(ValueError, match="waits for a metric to grow: give `metrics`"):
        nn.fit(nn.Linear(2, 1), X, Y, optimizer=nn.SGD(lr=nn.schedules.OnPlateau(0.1, mode="max")))


# -- logs and plots --


def test_csv_log(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("old")
    seen = []
    history = nn.fit(nn.Linear(2, 1), X, Y, epochs=3, metrics=["mae"],
                     callbacks=[nn.CSVLog(path), lambda epoch, logs: seen.append(len(path.read_text().split()))])
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert seen == [2, 3, 4]
    assert [int(row["epoch"]) for row in rows] == [0, 1, 2]
    for name in ("loss", "mae"):
        assert [float(row[name]) for row in rows] == history[name]
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        nn.fit(nn.Linear(2, 1), X, Y, callbacks=[nn.CSVLog(tmp_path / "no" / "log.csv")])


def test_live_plot_outside_a_notebook_draws_the_curve() -> None:
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pyplot.switch_backend("agg")
    plot = nn.LivePlot(seconds=0.0)
    nn.fit(nn.Linear(2, 1), X, Y, epochs=3, callbacks=[plot])
    (line,) = plot.ax.lines
    assert len(line.get_ydata()) == 3
    pyplot.close(plot.figure)


def test_live_plot_in_a_notebook_updates_one_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    pyplot = pytest.importorskip("matplotlib.pyplot")
    display = pytest.importorskip("IPython.display")
    pyplot.switch_backend("agg")
    shown: list[str] = []

    class Handle:
        def update(self, figure: Any) -> None:
            shown.append("update")

    def show(figure: Any, display_id: bool) -> Handle:
        shown.append("display")
        return Handle()

    monkeypatch.setitem(sys.modules, "ipykernel", sys)
    monkeypatch.setattr(display, "display", show)
    before = pyplot.get_fignums()
    nn.fit(nn.Linear(2, 1), X, Y, epochs=3, callbacks=[nn.LivePlot(seconds=0.0)])
    assert shown == ["display", *["update"] * 4]
    assert pyplot.get_fignums() == before


# -- care --


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: nn.EarlyStopping(patience=0), ValueError, "`patience` is a whole number from 1, not 0"),
        (lambda: nn.EarlyStopping(patience=True), ValueError, "`patience`"),
        (lambda: nn.EarlyStopping(mode="up"), ValueError, "`mode` is one of 'min', 'max', not 'up'"),
        (lambda: nn.EarlyStopping("auc"), ValueError, "`mode` must say whether a better 'auc' is 'min' or 'max'"),
        (lambda: nn.EarlyStopping(3), TypeError, "`monitor` is the name of a number"),
        (lambda: nn.EarlyStopping(min_delta=-1), ValueError, "`min_delta`"),
        (lambda: [nn.EarlyStopping()], ValueError, "waits for 'val_loss'; this training has 'loss'. Give `validation`"),
        (lambda: [nn.EarlyStopping("accuracy")], ValueError, "waits for 'accuracy'; this training has 'loss'"),
        (lambda: [nn.CSVLog], TypeError, r"not <class .*: write CSVLog\(...\)"),
        (lambda: ["csv"], TypeError, "`callbacks` are Callbacks, such as EarlyStopping"),
    ],
)
def test_what_is_refused(make: Any, error: Any, message: str) -> None:
    model, optimizer = nn.Linear(2, 1, rng=0), nn.SGD(lr=0.1)
    before = model.state_dict()
    with pytest.raises(error, match=message):
        nn.fit(model, X, Y, optimizer=optimizer, callbacks=make())
    assert not optimizer.parameters and np.array_equal(before["weight"], model.state_dict()["weight"])


@pytest.mark.parametrize("batch_size", [None, 16])
@pytest.mark.parametrize("patience", [1, 3, 50])
def test_early_stopping_by_the_loss_ends_where_a_callback_for_each_epoch_does(patience: int, batch_size: Any) -> None:
    class Same(nn.EarlyStopping):
        """Is asked after each epoch."""

    def train(kind: Any) -> tuple[Any, ...]:
        model = nn.TensorMLP(2, [8, 1], "tanh", rng=1)
        stopping = kind("loss", patience=patience, min_delta=0.01, restore_best=False)
        history = nn.fit(model, *nn.datasets.moons(40, rng=0), "bce_with_logits", optimizer=nn.Adam(lr=0.1), epochs=60,
                         batch_size=batch_size, callbacks=stopping, rng=0)  # fmt: skip
        return history, history.stopped, stopping.best_epoch, stopping.best, model.parameters()[0].data.tolist()

    assert train(nn.EarlyStopping) == train(Same)
