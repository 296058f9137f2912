"""What is not trained: frozen parameters, buffers, arrays, masks and tied weights, through training and every file."""

from __future__ import annotations

import copy
import pickle
import warnings
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd as ag
import nn
from autograd import Tensor, Value
from nn.state import is_buffer, is_parameter

X, Y = nn.datasets.moons(40, noise=0.2, rng=0)
FIRST_VERSION = Path(__file__).parent / "first_version"


class Whole(nn.Module):
    """A net with one of each: frozen, masked, tied, buffers, arrays in containers, a scaler, and scratch."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.first = nn.Linear(2, 3, rng=seed)
        self.middle = nn.Linear(3, 3, mask=rng.integers(0, 2, (3, 3)), rng=seed + 1)
        self.again = nn.Linear(3, 3, rng=seed + 2)
        self.again.weight = self.first_of_two = Tensor(rng.normal(size=(3, 3)))  # one parameter under two names
        self.last = nn.Linear(3, 1, rng=seed + 3)
        self.mean = nn.buffer(rng.normal(size=2))
        self.steps = nn.buffer(float(seed))
        self.scaler = nn.StandardScaler().fit(X * seed + rng.normal(size=2))
        self.kept = {"list": [rng.integers(0, 9, 3), Tensor(rng.normal(size=3), requires_grad=False)]}
        self.pair = (rng.integers(0, 2, 2) > 0, rng.normal(size=2).astype(np.float32))
        self.hidden = None
        self.seen: list[Any] = []
        self.first.freeze()

    def forward(self, x: Any) -> Any:
        if self.training:
            self.mean = 0.75 * self.mean + 0.25 * ag.mean(x, axis=0)
            self.steps = self.steps + 1.0
        self.hidden = ag.tanh(self.first((x - self.mean) / self.scaler.scale))
        self.seen = [np.array(getattr(self.hidden, "data", 0.0))]
        h = ag.tanh(self.again(self.middle(self.hidden)) * self.kept["list"][1] + self.pair[1][0])
        return self.last(h @ self.first_of_two)


def same_bits(one: dict[str, Any], other: dict[str, Any]) -> bool:
    pairs = [(np.asarray(one[name]), np.asarray(other[name])) for name in one]
    return list(one) == list(other) and all(a.dtype == b.dtype and a.tobytes() == b.tobytes() for a, b in pairs)


TRAINED = {"middle.weight", "middle.bias", "again.weight", "again.bias", "last.weight", "last.bias"}


@pytest.mark.parametrize("optimizer", [
    lambda: nn.SGD(lr=0.1, momentum=0.9, weight_decay=0.1),
    lambda: nn.AdamW(lr=0.1, weight_decay=0.1, clip=nn.ClipNorm(0.1)),
    lambda: nn.RMSprop(lr=0.1, clip=nn.ClipValue(0.1)),
], ids=["sgd", "adamw", "rmsprop"])  # fmt: skip
def test_training_leaves_what_is_frozen_alone_to_the_bit(optimizer: Callable[[], Any]) -> None:
    model = Whole(3)
    before = model.state_dict()
    nn.fit(model, X, Y, "bce_with_logits", optimizer=optimizer(), epochs=2,
           penalty=lambda net: nn.L2(0.1)(net) + nn.L1(0.1)(net), compiled=False, rng=1)  # fmt: skip
    after = model.state_dict()
    changed = {name for name in after if not np.array_equal(before[name], after[name])}
    assert changed == (TRAINED - {"again.weight"}) | {"first_of_two", "mean", "steps"}
    assert after["steps"] == 3.0 + 2 * 2


def test_compiled_training_of_frozen_nets_equals_eager() -> None:
    for make in (lambda: nn.TensorMLP(2, [4, 3, 1], "prelu", rng=1).freeze("0.*", "2.bias"),
                 lambda: nn.MLP(2, [4, 1], "tanh", rng=1).freeze("layers.0.*")):  # fmt: skip
        states = []
        for compiled in (False, True):
            model = make()
            nn.fit(model, X, Y, "bce_with_logits", optimizer=nn.Adam(lr=0.1), epochs=3, compiled=compiled, rng=1)
            states.append(model.state_dict())
        start = make()
        for name, p in start.named_parameters():
            assert np.array_equal(states[1][name], p.data) == (not p.requires_grad)
            np.testing.assert_allclose(states[0][name], states[1][name], rtol=1e-10, atol=1e-12)


class Norm(nn.Module):
    """Batch normalisation, with running statistics that `forward` writes while it trains."""

    def __init__(self, n: int, dtype: Any) -> None:
        self.gain, self.shift = Tensor(np.ones(n, dtype)), Tensor(np.zeros(n, dtype))
        self.mean, self.var, self.steps = nn.buffer(np.zeros(n, dtype)), nn.buffer(np.ones(n, dtype)), nn.buffer(0.0)

    def forward(self, x: Any) -> Any:
        mean, var = (ag.mean(x, axis=0), ag.var(x, axis=0)) if self.training else (self.mean, self.var)
        if self.training:
            self.mean = 0.9 * self.mean + 0.1 * mean
            self.var = 0.9 * self.var + 0.1 * var
            self.steps += 1.0
        return self.gain * (x - mean) / ag.sqrt(var + 1e-5) + self.shift


def normed(dtype: Any = np.float64) -> Any:
    return nn.Sequential(nn.Linear(2, 4, bias=False, rng=1, dtype=dtype), Norm(4, dtype), nn.Tanh(),
                         nn.Linear(4, 1, rng=2, dtype=dtype))  # fmt: skip


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("frozen", [(), ("0.*", "1.shift"), ("3.*",)])
def test_running_statistics_train_natively_as_they_do_eagerly(dtype: Any, frozen: tuple[str, ...]) -> None:
    states, histories = [], []
    for compiled in (False, True):
        model = normed(dtype).freeze(*frozen) if frozen else normed(dtype)
        optimizer = nn.SGD(lr=0.1, momentum=0.9, clip=nn.ClipNorm(0.5))
        history = nn.fit(model, X, Y, "bce_with_logits", optimizer=optimizer, epochs=4, batch_size=16, validation=0.2,
                         penalty=nn.L2(0.01), compiled=compiled, rng=3)  # fmt: skip
        assert history.compiled is compiled
        states.append(model.state_dict())
        histories.append(history["val_loss"])
    start, tolerance = normed(dtype).state_dict(), 1e-12 if dtype is np.float64 else 2e-6
    for name, eager in states[0].items():
        np.testing.assert_allclose(states[1][name], eager, rtol=tolerance, atol=tolerance, err_msg=name)
        kept = any(fnmatchcase(name, pattern) for pattern in frozen)
        assert np.array_equal(start[name], states[1][name]) is kept, name
    np.testing.assert_allclose(histories[1], histories[0], rtol=tolerance)
    assert states[1]["1.steps"] == 4 * 2


def test_a_buffer_that_is_read_by_its_old_name_after_it_was_written_is_trained_eagerly() -> None:
    class Shifted(nn.Linear):
        def __init__(self) -> None:
            super().__init__(2, 1, rng=1)
            self.mean = nn.buffer(np.zeros(2))

        def forward(self, x: Any) -> Any:
            old = self.mean
            self.mean = self.mean + 1.0
            return super().forward(x - old)  # eager code writes into the buffer, so this is the new number

    models = [Shifted(), Shifted()]
    losses = []
    for model, compiled in zip(models, (False, None), strict=True):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", nn.EagerFallback)
            losses.append(nn.fit(model, X, Y, "bce_with_logits", epochs=2, compiled=compiled, rng=3)["loss"])
    assert "under another name" in str(caught[-1].message)
    assert losses[0] == losses[1] and same_bits(models[0].state_dict(), models[1].state_dict())


def test_callbacks_may_freeze_unfreeze_and_write_buffers_in_compiled_training() -> None:
    def run(compiled: bool) -> Any:
        def change(epoch: int, _: Any) -> None:
            actions[epoch]()

        model, optimizer = normed().freeze("0.*"), nn.SGD(lr=0.1, momentum=0.9)
        actions = [
            model.unfreeze, lambda: setattr(model[1], "mean", np.ones(4)), lambda: model.freeze("3.*"),
            lambda: setattr(model[3].weight, "data", model[3].weight.data * 2), lambda: None, lambda: None,
        ]  # fmt: skip
        nn.fit(model, X, Y, "bce_with_logits", optimizer=optimizer, epochs=6, batch_size=16, callbacks=change,
               compiled=compiled, rng=3)  # fmt: skip
        return model.state_dict(), optimizer.skipped, [p.requires_grad for p in model.parameters()]

    eager, native = run(False), run(True)
    assert eager[1:] == native[1:] == ([3, 0, 0, 9, 9], [True, True, True, False, False])
    for name, numbers in eager[0].items():
        np.testing.assert_allclose(native[0][name], numbers, rtol=1e-12, atol=1e-12, err_msg=name)


def test_checkpoints_go_on_with_buffers_and_frozen_layers(tmp_path: Path) -> None:
    def run(epochs: int, name: str) -> Any:
        model = normed().freeze("0.*")
        nn.fit(model, X, Y, "bce_with_logits", epochs=epochs, batch_size=16, rng=3, resume=True, validation=0.2,
               callbacks=[nn.Checkpoint(tmp_path / name), nn.EarlyStopping(patience=50)])  # fmt: skip
        return model.state_dict()

    for end in ("npz", "safetensors"):
        run(3, f"half.{end}")
        assert same_bits(run(6, f"half.{end}"), run(6, f"whole.{end}"))


def test_a_layer_that_is_frozen_in_part_trains_eagerly_with_a_warning() -> None:
    model = nn.MLP(2, [3, 1], rng=1).freeze("layers.0.neurons.0.*")
    before = model.state_dict()
    with pytest.warns(nn.EagerFallback, match="frozen in part"):
        nn.fit(model, X, Y, "bce_with_logits", epochs=1, rng=1)
    kept = {name for name, x in model.state_dict().items() if x == before[name]}
    assert kept >= {name for name in before if name.startswith("layers.0.neurons.0.")}


def test_looking_at_a_model_leaves_its_buffers_alone(tmp_path: Path) -> None:
    class Counts(nn.Module):
        def __init__(self) -> None:
            self.linear, self.calls = nn.Linear(2, 1, rng=1), nn.buffer(0.0)

        def forward(self, x: Any) -> Any:
            self.calls = self.calls + 1.0
            return self.linear(x)

    model = Counts()
    nn.export.to_python(model)
    assert model.calls.data == 0.0
    nn.fit(model, X, Y, "bce_with_logits", steps=5, rng=1)
    assert model.calls.data == 5.0
    model.outputs(X)
    assert model.calls.data == 6.0


def test_a_parameter_is_frozen_and_trained_again() -> None:
    model = nn.TensorMLP(2, [4, 1], rng=1)
    optimizer = nn.SGD(model.parameters(), lr=0.1, momentum=0.9)
    assert model.freeze("0.*") is model
    assert [p.requires_grad for p in model.parameters()] == [False, False, True, True]
    assert (model.num_parameters(), model.num_parameters(trainable=True)) == (17, 5)
    before = model.state_dict()
    nn.fit(model, X, Y, "bce_with_logits", optimizer=optimizer, epochs=1, compiled=False, rng=1)
    assert np.array_equal(model[0].weight.data, before["0.weight"]) and model[0].weight.grad is None
    nn.fit(model.unfreeze(), X, Y, "bce_with_logits", optimizer=optimizer, epochs=1, compiled=False, rng=1)
    assert not np.array_equal(model[0].weight.data, before["0.weight"])
    model.freeze()
    with pytest.raises(ValueError, match="frozen"):
        nn.fit(model, X, Y)
    with pytest.raises(ValueError, match=r"no parameter has the name '1\.weight'"):
        model.freeze("1.weight")


def test_requires_grad_of_a_node() -> None:
    x, y = Value(3.0, "x"), Value(2.0)
    x.requires_grad = False
    (x * y).backward()
    assert x.grad is None and y.grad == 3.0 and is_parameter(x)
    x.requires_grad = True
    (x * y).backward()
    assert x.grad == 2.0
    constant = Tensor([1.0], requires_grad=False)
    constant.requires_grad = False
    assert not is_parameter(constant)
    with pytest.raises(ValueError, match="`requires_grad` of a result"):
        (x * y).requires_grad = False
    with pytest.raises(TypeError, match="`requires_grad` is True or False"):
        x.requires_grad = 0  # type: ignore[assignment]


def test_what_forward_keeps_to_be_looked_at_is_no_state() -> None:
    model = Whole(1)
    names = list(model.state_dict())
    model(X)
    model.outputs(X)
    assert list(model.state_dict()) == names
    assert not {name for name in names if name.startswith(("hidden", "seen"))}


def test_a_buffer_takes_numbers_and_keeps_its_shape() -> None:
    model = Whole(1)
    buffer = model.mean
    model.mean = np.array([1, 2])
    assert model.mean is buffer and buffer.data.tolist() == [1.0, 2.0] and buffer.label == "mean"
    model.mean.data[0] = 5.0
    assert model.state_dict()["mean"].tolist() == [5.0, 2.0]
    with pytest.raises(ValueError, match=r"shape \(3,\)"):
        model.mean = np.zeros(3)
    assert not any(is_buffer(p) for p in model.parameters())
    copied = copy.deepcopy(model)
    assert is_buffer(copied.mean) and same_bits(copied.state_dict(), model.state_dict())
    again = pickle.loads(pickle.dumps(nn.TensorMLP(2, [2, 1], rng=1).freeze("0.*")))
    assert again.num_parameters(trainable=True) == 3


@pytest.mark.parametrize("end", ["npz", "safetensors"])
def test_every_file_gives_all_back_to_the_bit(end: str, tmp_path: Path) -> None:
    model, other = Whole(1), Whole(7)
    nn.fit(model, X, Y, "bce_with_logits", epochs=2, compiled=False, rng=1)
    nn.save(model, tmp_path / f"model.{end}")
    theirs = other.kept["list"][0], other.pair[0]
    before = [x.copy() for x in theirs]
    nn.restore(other, tmp_path / f"model.{end}")
    assert same_bits(other.state_dict(), model.state_dict())
    assert other.outputs(X).tobytes() == model.outputs(X).tobytes()
    assert other.again.weight is other.first_of_two and type(other.pair) is tuple
    assert all(np.array_equal(x, y) for x, y in zip(theirs, before, strict=True))  # no array of others was written


def test_restore_refuses_a_net_with_another_state(tmp_path: Path) -> None:
    nn.save(Whole(1), tmp_path / "model.npz")
    for change in (lambda m: setattr(m, "extra", np.zeros(2)), lambda m: delattr(m, "steps"),
                   lambda m: m.kept.pop("list"), lambda m: setattr(m, "pair", (np.zeros(2), m.pair[1]))):  # fmt: skip
        other = Whole(2)
        change(other)
        before = other.state_dict()
        with pytest.raises(ValueError, match=r"extra|steps|kept.list|pair"):
            nn.restore(other, tmp_path / "model.npz") if "extra" in before or "steps" not in before or (
                "kept.list.0" not in before) else other.load_state_dict(Whole(1).state_dict() | {"pair.0": ["a", "b"]})
        assert same_bits(other.state_dict(), before)


@pytest.mark.parametrize("make", [
    lambda seed: nn.TensorMLP(2, [3, 1], "prelu", rng=seed).freeze("0.*", "1.slope"),
    lambda seed: nn.Sequential(nn.Linear(2, 3, mask=[[1, 0, 1], [0, 1, 1]], rng=seed), nn.Tanh(),
                               nn.Linear(3, 1, rng=seed)).freeze("2.*"),
    lambda seed: nn.MLP(2, [3, 1], "tanh", rng=seed).freeze("layers.0.*"),
], ids=["prelu", "mask", "values"])  # fmt: skip
@pytest.mark.parametrize("end", ["npz", "safetensors"])
def test_load_makes_a_net_that_is_frozen_as_the_saved_one(make: Any, end: str, tmp_path: Path) -> None:
    model = make(1)
    nn.fit(model, X, Y, "bce_with_logits", epochs=1, rng=1)
    nn.save(model, tmp_path / f"model.{end}")
    again = nn.load(tmp_path / f"model.{end}")
    assert same_bits(again.state_dict(), model.state_dict())
    assert [p.requires_grad for p in again.parameters()] == [p.requires_grad for p in model.parameters()]
    assert again.summary() == model.summary() and "trainable" in model.summary()
    if isinstance(model, nn.MLP):
        tensors = model.to_tensors()
        assert [p.requires_grad for p in tensors.parameters()] == [False, False, True, True]
        assert tensors.to_values().summary() == model.summary()


def test_a_constant_weight_is_saved_compared_and_loaded_frozen(tmp_path: Path) -> None:
    def build(seed: int) -> nn.Sequential:
        layer = nn.Linear(2, 8, rng=seed)
        layer.weight = Tensor(layer.weight.data, requires_grad=False)
        return nn.Sequential(layer, nn.Tanh(), nn.Linear(8, 1, rng=seed + 1))

    one, other = build(1), build(50)
    nn.save(one, tmp_path / "a.npz")
    nn.restore(other, tmp_path / "a.npz")
    assert other.outputs(X).tobytes() == one.outputs(X).tobytes()
    loaded: Any = nn.load(tmp_path / "a.npz")
    assert loaded.outputs(X).tobytes() == one.outputs(X).tobytes() and not loaded[0].weight.requires_grad


@pytest.mark.slow
def test_exports_hold_what_is_not_trained(tmp_path: Path) -> None:
    torch, ort = pytest.importorskip("torch"), pytest.importorskip("onnxruntime")
    model = Whole(1)
    nn.fit(model, X, Y, "bce_with_logits", epochs=1, compiled=False, rng=1)
    before, expected = model.state_dict(), model.outputs(X)
    state = nn.export.to_torch(model)
    assert set(state) == (set(before) | {"again.weight"}) - {"middle.mask"}  # tied: PyTorch lists it by each name
    assert torch.equal(state["pair.0"], torch.from_numpy(before["pair.0"])) and state["steps"].item() == before["steps"]
    masked = before["middle.weight"] * before["middle.mask"]
    assert np.array_equal(state["middle.weight"].numpy(), masked.T)
    other = Whole(9)
    other.middle.mask = model.middle.mask
    nn.export.load_torch(other, state)
    assert other.outputs(X).tobytes() == expected.tobytes()
    nn.export.to_onnx(model, tmp_path / "m.onnx", dtype="float64")
    session = ort.InferenceSession(tmp_path / "m.onnx")
    np.testing.assert_allclose(session.run(None, {"x": X})[0], expected, rtol=1e-10)
    space: dict[str, Any] = {}
    exec(nn.export.to_python(model), space)
    np.testing.assert_allclose([space["predict"](row) for row in X.tolist()], expected, rtol=1e-10)
    assert same_bits(model.state_dict(), before)


def test_files_of_the_first_version_still_load() -> None:
    for end in ("npz", "safetensors"):
        model: Any = nn.load(FIRST_VERSION / f"model.{end}")
        assert model[0].mask.tolist() == [[1, 0, 1], [1, 1, 0]]
        assert model.num_parameters(trainable=True) == model.num_parameters()
        optimizer = nn.SGD(model.parameters(), lr=0.1, momentum=0.9)
        assert np.array_equal(nn.restore(model, FIRST_VERSION / f"model.{end}", optimizer)["outputs"],
                              model.outputs(nn.datasets.moons(40, rng=0)[0][:3]))  # fmt: skip
    assert isinstance(nn.load(FIRST_VERSION / "values.npz"), nn.MLP)


def test_pictures_of_gradients_leave_out_what_is_frozen() -> None:
    model = nn.TensorMLP(2, [3, 1], "tanh", rng=1).freeze("0.*")
    nn.losses.bce_with_logits(model(X), Y[:, None]).backward()
    ax = nn.plots.histograms(model, "grad")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["2 Linear(3, 1): 4"]
    assert "<svg" in ag.draw(model, "backward").svg()
    assert nn.inspect.hessian(model, X, Y, "bce_with_logits").shape == (4, 4)
    before = model.state_dict()
    nn.plots.loss_surface(model, X, Y, "bce_with_logits", resolution=3, rng=1)
    result = nn.minimize(lambda: nn.losses.bce_with_logits(model(X), Y[:, None]), model.parameters())
    assert result.fun < 0.6 and same_bits({k: before[k] for k in ("0.weight", "0.bias")}, {
        k: model.state_dict()[k] for k in ("0.weight", "0.bias")})  # fmt: skip
