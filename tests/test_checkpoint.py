"""Checkpoints: training goes on to the same bits, also after kill -9; Ctrl-C at any moment leaves a finished step."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nn
from autograd import Tensor

X = np.random.default_rng(0).normal(size=(20, 2))
Y = X[:, 0] - 2 * X[:, 1] + 0.5


pytestmark = pytest.mark.filterwarnings("ignore::nn.EagerFallback")  # Noisy draws outside of `fresh`


class Noisy(nn.Module):
    """A net that draws random numbers while it is trained, from generators of both kinds."""

    def __init__(self) -> None:
        self.layers = [nn.Linear(2, 4, rng=0), nn.Linear(4, 1, rng=1)]
        self.rng, self.other = np.random.default_rng(3), random.Random(4)

    def forward(self, x: Any) -> Any:
        if self.training:
            x = Tensor(np.asarray(x) + 0.1 * self.rng.normal(size=np.shape(x)) + 0.1 * self.other.gauss(0, 1))
        return self.layers[1](self.layers[0](x).tanh())


def train(epochs: int, path: Path, model: Any = Noisy, **settings: Any) -> tuple[nn.Module, Any, nn.History, Any]:
    net = model()
    optimizer = settings.pop("optimizer", None) or nn.Adam(lr=0.05)
    stopping = nn.EarlyStopping(patience=20)
    history = nn.fit(net, X, Y, optimizer=optimizer, epochs=epochs, batch_size=6, validation=0.25, metrics=["r2"],
                     callbacks=[nn.Checkpoint(path), stopping], resume=settings.pop("resume", True),
                     **{"rng": 1} | settings)  # fmt: skip
    return net, optimizer, history, stopping


def assert_same(one: Any, other: Any) -> None:
    for mine, theirs in zip((one[0].state_dict(), one[1].state_dict()), (other[0].state_dict(), other[1].state_dict()),
                            strict=True):  # fmt: skip
        assert mine.keys() == theirs.keys()
        assert all(np.array_equal(mine[name], theirs[name]) for name in mine)
    assert one[2] == other[2]
    assert (one[3].best, one[3].best_epoch) == (other[3].best, other[3].best_epoch)


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
@pytest.mark.parametrize("rate", [0.05, "cosine", "plateau"])
def test_a_training_goes_on_to_the_same_bits(tmp_path: Path, suffix: str, rate: Any) -> None:
    def optimizer() -> Any:
        rates = {"cosine": nn.schedules.Cosine(0.05, 40), "plateau": nn.schedules.OnPlateau(0.05, patience=1)}
        return nn.Adam(lr=rates.get(rate, rate))

    whole = train(12, tmp_path / f"whole{suffix}", optimizer=optimizer())
    path = tmp_path / f"parts{suffix}"
    for epochs in (1, 2, 7, 12):
        parts = train(epochs, path, optimizer=optimizer())
    assert_same(whole, parts)
    assert whole[0].rng.random() == parts[0].rng.random() and whole[0].other.random() == parts[0].other.random()
    assert (tmp_path / f"whole{suffix}").read_bytes() == path.read_bytes()
    again = train(12, path, optimizer=optimizer())  # there is nothing left to do
    assert again[2] == whole[2] and not again[2].stopped


def test_a_seed_that_was_not_given_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    train(3, path, rng=None)
    half = path.read_bytes()
    first = train(6, path, rng=None)
    path.write_bytes(half)
    assert_same(first, train(6, path, rng=None))


def test_values_and_steps(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    nets = []
    for steps in ((40,), (20, 40)):
        for total in steps:
            net = nn.MLP(2, [3, 1], "tanh", rng=0)
            nn.fit(net, X[:8], Y[:8], steps=total, batch_size=4, rng=1, callbacks=[nn.Checkpoint(path)], resume=True)
        nets.append(net.state_dict())
        path.unlink()
    assert nets[0] == nets[1]


def test_the_end_of_steps_in_the_middle_of_an_epoch_is_the_end(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"

    def run(steps: int) -> Any:
        net = nn.Linear(2, 1, rng=0)
        history = nn.fit(net, X, Y, steps=steps, batch_size=4, rng=1, callbacks=[nn.Checkpoint(path)], resume=True)
        return history, net.weight.data.tolist()

    assert run(7) == run(7)
    with pytest.raises(ValueError, match="was written in the middle of an epoch, where `steps` ended"):
        run(10)


def test_a_training_that_was_stopped_stays_so(tmp_path: Path) -> None:
    def run(epochs: int) -> Any:
        stopping = nn.EarlyStopping("loss", patience=2)
        net = nn.Linear(2, 1, rng=0)
        history = nn.fit(net, X, Y, epochs=epochs, batch_size=None, optimizer=nn.SGD(lr=1.6), resume=True,
                         callbacks=[stopping, nn.Checkpoint(tmp_path / "a.npz")])  # fmt: skip
        return net, history, stopping

    first, second = run(20), run(50)
    assert first[1].stopped and first[1] == second[1] and first[2].best == second[2].best
    assert np.array_equal(first[0].weight.data, second[0].weight.data)


def test_csv_log_goes_on(tmp_path: Path) -> None:
    def run(epochs: int) -> None:
        nn.fit(nn.Linear(2, 1, rng=0), X, Y, epochs=epochs, rng=0, resume=True,
               callbacks=[nn.CSVLog(tmp_path / "log.csv"), nn.Checkpoint(tmp_path / "a.npz")])  # fmt: skip

    run(6)
    whole = (tmp_path / "log.csv").read_bytes()
    (tmp_path / "a.npz").unlink()
    run(2)
    run(6)
    assert (tmp_path / "log.csv").read_bytes() == whole


def test_every_and_the_best_only(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    nn.fit(nn.Linear(2, 1, rng=0), X, Y, epochs=7, callbacks=[nn.Checkpoint(path, every=3)])
    assert nn.notes(path)["epoch"] == 6
    history = nn.fit(nn.Linear(2, 1, rng=0), X, Y, epochs=7, batch_size=None, optimizer=nn.SGD(lr=1.6),
                     callbacks=[nn.Checkpoint(path, monitor="loss")])  # fmt: skip
    best = int(np.argmin(history["loss"]))  # taken before the step: of the parameters that the epoch began with
    assert nn.notes(path)["epoch"] == best < 7
    loss = float(nn.losses.mse(nn.load(path).outputs(X), Y[:, None]))
    assert loss == pytest.approx(history["loss"][best], rel=1e-12)
    resumed = nn.fit(nn.Linear(2, 1, rng=0), X, Y, epochs=7, batch_size=None, optimizer=nn.SGD(lr=1.6), resume=path,
                     callbacks=[nn.Checkpoint(path, monitor="loss")])  # fmt: skip
    assert resumed == history


def test_the_file_is_a_saved_model_that_predicts(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    names = np.array(["low", "high"])[(Y > 0).astype(int)]
    net = nn.TensorMLP(2, [8, 2], rng=0)
    nn.fit(net, X, names, "cross_entropy", optimizer=nn.Adam(lr=0.1), epochs=30, callbacks=[nn.Checkpoint(path)])
    again = nn.load(path)
    assert again.predict(X).tolist() == net.predict(X).tolist() and set(again.predict(X).tolist()) <= {"low", "high"}
    fresh = nn.TensorMLP(2, [8, 2], rng=1)
    nn.restore(fresh, path)
    assert np.array_equal(fresh.predict_proba(X), net.predict_proba(X))


def test_what_does_not_fit_is_said_before_anything_is_changed(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    train(3, path)
    net, optimizer = Noisy(), nn.Adam(lr=0.05)
    before = net.state_dict()

    def again(model: Any = net, **changes: Any) -> Any:
        settings = {"optimizer": optimizer, "batch_size": 6, "validation": 0.25, "metrics": ["r2"],
                    "callbacks": [nn.Checkpoint(path), nn.EarlyStopping(patience=20)], "resume": path}  # fmt: skip
        return nn.fit(model, X, Y, **settings | changes)

    for changes, message in [
        ({"batch_size": 5}, "`batch_size`: 5, and in the file 6"),
        ({"validation": 0.5}, r"`validation`.*: \[0.5, .*\], and in the file \[0.25, .*\]"),
        ({"loss": "mae"}, "`loss`: 'mae', and in the file 'mse'"),
        ({"sample_weight": np.ones(20)}, "checksum of `X`, `y` and weights: "),
        ({"shuffle": False}, "`shuffle`: False, and in the file True"),
        ({"drop_last": True}, "`drop_last`: True, and in the file False"),
        ({"rng": 2}, "`rng`: 2, and in the file 1"),
        ({"loss": nn.losses.huber}, "`loss`: 'huber', and in the file 'mse'"),
        ({"loss": nn.losses.mse.using(reduction="sum")}, "settings of `loss`: .*sum"),
        ({"optimizer": nn.SGD(lr=0.05)}, "`optimizer`: 'SGD', and in the file 'Adam'"),
        ({"metrics": []}, r"`metrics`.*: \[\], and in the file \['r2', 'val_r2'\]"),
        ({"model": Noisy().freeze("layers.0.*")}, r"frozen parameters: \['layers.0.weight', .*\]"),
        ({"model": nn.TensorMLP(2, [4, 1])}, "generators of random numbers in the model: "),
        ({"resume": True, "callbacks": []}, "`resume=True` goes on from the file of the Checkpoint"),
    ]:
        with pytest.raises(ValueError, match=message):
            again(**changes)
    with pytest.raises(FileNotFoundError):
        again(resume=tmp_path / "b.npz")
    nn.save(net, tmp_path / "b.npz")
    with pytest.raises(ValueError, match=r"is no checkpoint of `fit`: one is written by `nn.Checkpoint`"):
        again(resume=tmp_path / "b.npz")
    (tmp_path / "b.npz").write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ValueError, match="damaged"):
        again(resume=tmp_path / "b.npz")
    assert all(np.array_equal(before[name], now) for name, now in net.state_dict().items())
    assert not optimizer.parameters and net.output_decoder is None


def test_another_layer_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    settings: dict[str, Any] = {"callbacks": [nn.Checkpoint(path)], "resume": True, "rng": 1}
    nn.fit(nn.TensorMLP(2, [3, 1], "tanh", rng=0), X, Y, epochs=2, **settings)
    with pytest.raises(ValueError, match=r"layers: \['1 ReLU {}'\], and in the file \['1 Tanh {}'\]"):
        nn.fit(nn.TensorMLP(2, [3, 1], "relu", rng=0), X, Y, epochs=4, **settings)


@pytest.mark.parametrize(("first", "second", "expected"), [
    (0.01, 0.5, 0.5),
    (0.01, nn.schedules.Cosine(0.5, 9), nn.schedules.Cosine),
    (nn.schedules.OnPlateau(0.01), 0.5, 0.5),
    (nn.schedules.OnPlateau(0.01), nn.schedules.OnPlateau(0.5), 0.5),
])  # fmt: skip
def test_a_new_learning_rate_is_used(tmp_path: Path, first: Any, second: Any, expected: Any) -> None:
    settings: dict[str, Any] = {"callbacks": [nn.Checkpoint(tmp_path / "a.npz")], "resume": True, "rng": 1}
    nn.fit(nn.Linear(2, 1, rng=0), X, Y, epochs=2, optimizer=nn.Adam(lr=first), **settings)
    optimizer = nn.Adam(lr=second, weight_decay=0.1)
    nn.fit(nn.Linear(2, 1, rng=0), X, Y, epochs=3, optimizer=optimizer, penalty=nn.L2(0.1), compiled=False, **settings)
    assert optimizer.lr == second and optimizer.steps == 3
    assert isinstance(second, expected) if isinstance(expected, type) else getattr(second, "lr", second) == expected


@pytest.mark.parametrize("rate", [lambda: 0.01, lambda: nn.schedules.OnPlateau(0.01)])
def test_a_learning_rate_that_a_callback_lowered_goes_on_where_it_stood(tmp_path: Path, rate: Any) -> None:
    def lower(_: int, __: Any) -> None:
        if isinstance(optimizer.lr, float):
            optimizer.lr /= 2
        else:
            optimizer.lr.lr /= 2

    for epochs in (2, 3):
        optimizer: Any = nn.Adam(lr=rate())
        nn.fit(nn.Linear(2, 1, rng=0), X, Y, epochs=epochs, optimizer=optimizer, rng=1, resume=True,
               callbacks=[lower, nn.Checkpoint(tmp_path / "a.npz")])  # fmt: skip
    assert getattr(optimizer.lr, "lr", optimizer.lr) == 0.01 / 8


def test_new_callbacks_are_used_and_those_that_stay_go_on(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"

    def run(epochs: int, *callbacks: Any) -> nn.History:
        return nn.fit(nn.Linear(2, 1, rng=0), X, Y, epochs=epochs, batch_size=None, optimizer=nn.SGD(lr=1.6),
                      resume=True, callbacks=[nn.Checkpoint(path), *callbacks])  # fmt: skip

    stopped = run(20, nn.EarlyStopping("loss", patience=2))
    n = len(stopped["loss"])
    assert n < 20 and run(20, nn.EarlyStopping("loss", patience=2)) == stopped
    longer = nn.EarlyStopping("loss", patience=4)
    assert len(run(20, longer)["loss"]) == n + 2 and longer.best == min(stopped["loss"])
    seen: list[int] = []
    assert len(run(n + 4, lambda epoch, _: seen.append(epoch))["loss"]) == n + 4 and seen == [n + 2, n + 3]


def test_checkpoints_of_the_first_version_go_on() -> None:
    X, Y = nn.datasets.moons(40, rng=0)
    for end in ("npz", "safetensors"):
        model = nn.Sequential(nn.Linear(2, 3, mask=[[1, 0, 1], [1, 1, 0]], rng=5), nn.Tanh(), nn.Dropout(0.1, rng=4),
                              nn.Linear(3, 1, rng=6))  # fmt: skip
        stopping = nn.EarlyStopping(patience=5)
        history = nn.fit(
            model, X, Y, "bce_with_logits", optimizer=nn.Adam(lr=nn.schedules.OnPlateau(0.05, patience=2)), epochs=6,
            validation=0.3, metrics=["accuracy"], batch_size=16, rng=7, callbacks=[stopping],
            resume=Path(__file__).parent / "first_version" / f"training.{end}",
        )  # fmt: skip
        assert history["loss"] == pytest.approx([
            0.8132167758739445, 0.6993163126580237, 0.6637596152725835, 0.5600878535831891, 0.5597991457371477,
            0.5263287648133728,
        ], rel=1e-9)  # fmt: skip
        assert history["val_loss"][-1] == pytest.approx(0.48460115831426426, rel=1e-9) and stopping.best_epoch == 5


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda folder: nn.Checkpoint(folder / "a.pkl"), ValueError, r"must end in .npz or .safetensors"),
        (lambda folder: nn.Checkpoint(folder / "no" / "a.npz"), FileNotFoundError, "there is no folder"),
        (lambda folder: nn.Checkpoint(3), TypeError, "`path` is the name of a file"),
        (lambda folder: nn.Checkpoint(folder / "a.npz", every=0), ValueError, "`every` is a whole number from 1"),
        (lambda folder: nn.Checkpoint(folder / "a.npz", monitor="val_loss"), ValueError, "waits for 'val_loss'"),
    ],
)
def test_what_is_refused(tmp_path: Path, make: Any, error: Any, message: str) -> None:
    net = nn.Linear(2, 1, rng=0)
    before = net.weight.data.copy()
    with pytest.raises(error, match=message):
        nn.fit(net, X, Y, callbacks=[make(tmp_path)])
    assert np.array_equal(net.weight.data, before)


# -- processes that are killed and interrupted --

SCRIPT = """
import signal
signal.alarm(300)  # no orphan: it ends by itself, too
import sys
import numpy as np
import nn
X = np.random.default_rng(0).normal(size=(40, 2))
net = nn.TensorMLP(2, [8, 1], rng=0)
optimizer = nn.Adam(lr=0.01)
calls = [nn.Checkpoint(sys.argv[1])] if len(sys.argv) > 1 else []
print("ready", flush=True)
twin = nn.TensorMLP(2, [8, 1], rng=0)
try:
    history = nn.fit(net, X, X[:, 0] * X[:, 1], optimizer=optimizer, epochs=EPOCHS, batch_size=8, callbacks=calls,
                     resume=bool(calls), rng=1)
except KeyboardInterrupt:  # before the training had begun
    assert all(np.array_equal(twin.state_dict()[name], array) for name, array in net.state_dict().items())
    sys.exit(print("interrupted", flush=True))
if history.interrupted:
    whole = nn.fit(twin, X, X[:, 0] * X[:, 1], optimizer=nn.Adam(lr=0.01), steps=optimizer.steps, batch_size=8, rng=1)
    done = optimizer.steps // 5
    assert history["loss"] == whole["loss"][:done] and len(history["loss"]) == done, (len(history["loss"]), done)
    for name, array in twin.state_dict().items():
        assert np.array_equal(array, net.state_dict()[name]), name
    net.predict(X)
print("interrupted" if history.interrupted else "done", optimizer.steps, repr(history["loss"][-1:]), flush=True)
"""


@pytest.fixture
def start(popen: Callable[..., Any]) -> Callable[..., Any]:
    def start(epochs: int, *arguments: str) -> Any:
        process = popen(
            [sys.executable, "-c", SCRIPT.replace("EPOCHS", str(epochs)), *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            cwd=Path(__file__).parent.parent,
        )  # fmt: skip
        assert process.stdout.readline() == "ready\n"
        return process

    return start


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_ctrl_c_at_any_moment(tmp_path: Path, start: Callable[..., Any]) -> None:
    waits = np.random.default_rng(0).uniform(0.0, 0.6, 12)
    for i, wait in enumerate(waits):
        process = start(1_000_000, *([str(tmp_path / "a.npz")] if i % 3 == 0 else []))
        time.sleep(0.05 + wait)
        process.send_signal(signal.SIGINT)
        pressed = time.perf_counter()
        if i % 4 == 3:
            process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=60)
        assert out.startswith("interrupted"), errors
        assert time.perf_counter() - pressed < 30


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_training_that_is_killed_goes_on_to_the_same_bits(tmp_path: Path, start: Callable[..., Any]) -> None:
    whole = tmp_path / "whole.npz"
    expected = start(300, str(whole)).communicate(timeout=60)[0]
    path = tmp_path / "killed.npz"
    random, epochs = np.random.default_rng(1), [0]
    for _ in range(12):
        before = path.stat().st_mtime_ns if path.exists() else 0
        process = start(300, str(path))
        while process.poll() is None and (not path.exists() or path.stat().st_mtime_ns == before):
            time.sleep(0.001)
        time.sleep(random.uniform(0.0, 0.05))  # in the middle of one of the next steps, or of one of the next files
        process.kill()
        process.communicate(timeout=60)
        nn.load(path)
        epochs.append(nn.notes(path)["epoch"])
    assert epochs == sorted(set(epochs)) and epochs[-1] < 300
    assert start(300, str(path)).communicate(timeout=60)[0] == expected
    assert path.read_bytes() == whole.read_bytes()
