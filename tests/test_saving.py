"""Saving: what comes back, all that does not fit said at once, hostile headers, and a kill at any moment."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nn
from autograd import Tensor, Value
from nn.saving.encoding import MODULES, decode, encode
from nn.saving.files import FORMS, pack, read, replace


def write(path: Any, arrays: Any, header: str | None = None) -> None:
    replace(path, pack(path, arrays, header))


SHARED = nn.Linear(2, 2, rng=0)

MODELS: dict[str, Any] = {
    "values": nn.MLP(2, [3, 1], "tanh", rng=0),
    "values, mixed": nn.MLP.from_tensors(nn.Sequential(nn.Linear(2, 3, rng=0), nn.ELU(alpha=0.5), nn.Linear(3, 1))),
    "tensors": nn.TensorMLP(2, [3, 3, 1], "gelu", rng=0),
    "float32": nn.TensorMLP(2, [3, 1], rng=0, dtype=np.float32),
    "nested": nn.Sequential(
        nn.Linear(2, 3, bias=False, rng=0),
        nn.Sequential(nn.LeakyReLU(slope=0.1), nn.Linear(3, 2)),
        nn.Activation("sin"),
    ),
    "shared": nn.Sequential(SHARED, nn.Tanh(), SHARED),
    "neuron": nn.Neuron(2, "sigmoid", rng=0),
    "layer": nn.Layer(2, 3, nn.LeakyReLU(slope=0.3), rng=0),
    "empty": nn.Sequential(),
    "learned slopes": nn.Sequential(nn.Linear(2, 3, rng=0), nn.PReLU(slope=[0.1, 0.2, 0.3])),
    "dropout of values": nn.MLP(2, [3, 3, 1], nn.PReLU, dropout=0.5, rng=0),
    "of rows": nn.Layer(2, 3, "softmax", rng=0),
    "sparse": nn.Linear(2, 3, mask=[[1, 0, 1], [0, 1, 1]], rng=0),
    "dropout": nn.TensorMLP(2, [3, 1], "prelu", dropout=0.5, rng=0),
    "features": nn.Sequential(nn.Features("x0", "x0*x1", "sin x1"), nn.Linear(3, 1, rng=0)),
    "deep": nn.Sequential(
        nn.Noise(0.1, rng=0), nn.Flatten(), nn.Residual(nn.Linear(2, 2, rng=0)), nn.Maxout(2, 3, pieces=4, rng=0)
    ),
    **{name: layer() for name, layer in MODULES.items() if issubclass(layer, nn.Activation) and name != "Activation"},
}

X = np.random.default_rng(1).normal(size=(5, 2))


class Line(nn.Module):
    """A Module of a user."""

    def __init__(self) -> None:
        self.slope, self.parts = Value(2.0), [Tensor([1.0, 2.0]), nn.Linear(2, 1, rng=0)]

    def forward(self, x: Any) -> Any:
        return self.slope * x


@pytest.fixture(params=sorted(FORMS))
def path(request: Any, tmp_path: Path) -> Path:
    return tmp_path / f"model{request.param}"


def same(one: nn.Module, other: nn.Module) -> bool:
    mine, its = one.state_dict(), other.state_dict()
    return list(mine) == list(its) and all(np.array_equal(mine[name], its[name]) for name in mine)


# -- what comes back --


@pytest.mark.parametrize("name", MODELS)
def test_a_model_comes_back_whole(path: Path, name: str) -> None:
    model = MODELS[name]
    nn.save(model, path)
    again = nn.load(path)
    assert type(again) is type(model) and repr(again) == repr(model) and again.summary() == model.summary()
    assert same(again, model) and [p.label for p in again.parameters()] == [p.label for p in model.parameters()]
    assert np.array_equal(again.outputs(X), model.outputs(X))


def test_every_layer_of_the_library_can_be_named_in_a_file() -> None:
    things = {name: getattr(nn, name) for name in nn.__all__}
    public = {name for name, thing in things.items() if isinstance(thing, type) and issubclass(thing, nn.Module)}
    assert public - set(MODULES) == {"Module"}
    tried = {type(module) for model in MODELS.values() for _, module in model.named_modules()}
    assert set(MODULES.values()) <= tried, "give a new layer a model in MODELS"


def test_a_shared_layer_stays_shared(path: Path) -> None:
    nn.save(MODELS["shared"], path)
    again: Any = nn.load(path)
    assert again[0] is again[2]


def test_tied_parameters_stay_tied(path: Path) -> None:
    model: Any = nn.Sequential(nn.Linear(2, 2, rng=0), nn.Tanh(), nn.Sequential(nn.Linear(2, 2, rng=1)))
    model[2][0].weight = model[0].weight
    nn.fit(model, X, np.zeros((len(X), 2)), "mse", epochs=2, rng=0)
    nn.save(model, path)
    again: Any = nn.load(path)
    assert again[0].weight is again[2][0].weight and same(again, model) and len(again.parameters()) == 3
    assert np.array_equal(again.outputs(X), model.outputs(X))


@pytest.mark.parametrize("rng", [np.random.default_rng(1), random.Random(1)])
def test_a_shared_generator_stays_shared(path: Path, rng: Any) -> None:
    model = nn.Sequential(nn.Dropout(0.5, rng=rng), nn.Linear(2, 2, rng=0), nn.Noise(1.0, rng=rng))
    model(X)
    nn.save(model, path)
    again: Any = nn.load(path)
    assert again[0].rng is again[2].rng is not rng
    for _ in range(3):
        assert np.array_equal(again(X).data, model(X).data)


def test_the_parameters_stand_in_the_file_by_their_names(path: Path) -> None:
    model = nn.TensorMLP(2, [3, 1], rng=0)
    nn.save(model, path)
    arrays, header = read(path)
    assert {name: a.tolist() for name, a in arrays.items()} == {n: a.tolist() for n, a in model.state_dict().items()}
    assert json.loads(header or "")["version"] == 2


def test_training_goes_on_to_the_same_bits(path: Path) -> None:
    X, y = nn.datasets.xor()

    def train(model: nn.Module, optimizer: Any, rng: Any) -> None:
        nn.fit(model, X, y, optimizer=optimizer, epochs=5, batch_size=2, rng=rng)

    for make in (lambda: nn.Adam(lr=0.01), lambda: nn.SGD(lr=0.01, momentum=0.9)):
        for rng in (np.random.default_rng(3), random.Random(3)):
            model, optimizer = nn.TensorMLP(2, [3, 1], rng=0), make()
            train(model, optimizer, rng)
            nn.save(model, path, optimizer, also={"rng": rng, "epoch": 5})
            train(model, optimizer, rng)
            twin, second = nn.TensorMLP(2, [3, 1], rng=9), make()
            notes = nn.restore(twin, path, second)
            assert notes["epoch"] == second.steps / 2 == 5 and not same(twin, model)
            train(twin, second, notes["rng"])
            assert same(twin, model)


def test_notes_come_back_as_they_were(path: Path) -> None:
    notes = {
        "text": "ü$", "number": 2**70, "float": 0.1, "nan": float("nan"), "inf": -np.inf, "nothing": None, "yes": True,
        "list": [1, (2.5, [])], "array": np.arange(3.0), "numpy": np.float32(0.1), "count": np.int8(3), 3: {"a": 1},
        "$array": "x", "deep": {"$module": {"Linear": np.array([True])}}, "empty": {},
    }  # fmt: skip
    model = nn.Linear(1, 1)
    nn.save(model, path, also=notes)
    again = nn.restore(model, path)
    assert repr(again) == repr(notes | {"numpy": float(np.float32(0.1)), "count": 3, "inf": float("-inf")})


@pytest.mark.parametrize("kind", ["PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64"])
def test_generators_go_on_where_they_were(kind: str) -> None:
    rng = np.random.Generator(getattr(np.random, kind)(1))
    rng.normal(size=7)
    arrays: dict[str, np.ndarray] = {}
    coded = json.loads(json.dumps(encode(rng, "rng", arrays)))
    assert decode(coded, arrays).normal(size=5).tolist() == rng.normal(size=5).tolist()


# -- Modules of a user --


def test_the_parameters_of_a_module_of_yours_are_kept(path: Path) -> None:
    model = Line()
    model.slope.data = 7.0
    nn.save(model, path)
    with pytest.raises(ValueError, match=r"of a Line, not how it is made, for .* not a layer of this library"):
        nn.load(path)
    twin = Line()
    assert nn.restore(twin, path) is None and same(twin, model)


def test_what_would_come_back_as_something_else_is_kept_by_its_parameters(path: Path) -> None:
    def relu(x: Any) -> Any:
        return x * x

    own_function = nn.TensorMLP(2, [3, 1], relu)
    odd_one = nn.MLP(2, [3, 1])
    odd_one.layers[0].neurons[1].activation = np.tanh
    named_alike = type("Linear", (nn.Linear,), {})(2, 3)
    for model, why in (
        (own_function, "function"),
        (odd_one, "the neurons of a layer differ in activation"),
        (named_alike, "not a layer of this library"),
    ):
        nn.save(model, path)
        with pytest.raises(ValueError, match=f"not how it is made, for .*{why}.*: make one, and write `nn.restore"):
            nn.load(path)
        before = model.state_dict()
        for p in model.parameters():
            p.data = p.data + 1
        nn.restore(model, path)
        assert all(np.array_equal(before[name], now) for name, now in model.state_dict().items())


# -- files of others --


def test_arrays_of_another_program_are_taken(path: Path) -> None:
    write(path, {"weight": np.ones((2, 1), np.float32), "bias": np.ones(1, np.float32)})
    if path.suffix == ".npz":
        np.savez(path, weight=np.ones((2, 1), np.float32), bias=np.ones(1, np.float32))
    layer = nn.Linear(2, 1)
    nn.restore(layer, path)
    assert layer.weight.data.tolist() == [[1.0], [1.0]] and layer.weight.dtype == np.float64


def test_arrays_without_an_architecture_are_no_model(path: Path) -> None:
    np.savez(path.with_suffix(".npz"), weight=np.ones((2, 1)))
    with pytest.raises(ValueError, match=r"arrays without an architecture: make the model, and write `nn.restore"):
        nn.load(path.with_suffix(".npz"))


# -- what does not fit --


def test_all_that_does_not_fit_is_said_and_nothing_changed(path: Path) -> None:
    whole_numbers = np.ones((3, 1), np.int64)
    write(path, {"0.weight": np.ones((3, 2)), "0.bias": np.ones(3), "2.weight": whole_numbers, "3.x": np.ones(1)})
    model = nn.TensorMLP(2, [3, 1], rng=0, dtype=np.float32)
    before = model.state_dict()
    with pytest.raises(ValueError, match="nothing was changed") as error:
        nn.restore(model, path)
    for part in (
        "missing: '2.bias', of shape (1,)",
        "unexpected: '3.x'",
        "shape: '0.weight' is (3, 2), and must be (2, 3)",
        "dtype: '0.bias' holds float64, which float32 cannot hold exactly",
        "dtype: '2.weight' holds int64",
    ):
        assert part in str(error.value)
    assert all(np.array_equal(before[name], now) for name, now in model.state_dict().items())


def test_the_state_of_another_optimiser_is_refused_and_nothing_changed(path: Path) -> None:
    X, y = nn.datasets.xor()
    model, adam = nn.TensorMLP(2, [3, 1], rng=0), nn.Adam()
    nn.save(model, path)
    with pytest.raises(ValueError, match="no state of an optimiser"):
        nn.restore(model, path, adam)
    nn.fit(model, X, y, optimizer=adam, epochs=1)
    nn.save(model, path, adam)
    twin = nn.TensorMLP(2, [3, 1], rng=1)
    before = twin.state_dict()
    sgd = nn.SGD(lr=0.1)
    with pytest.raises(ValueError, match="Adam"):
        nn.restore(twin, path, sgd)
    assert sgd.steps == 0 and all(np.array_equal(before[name], now) for name, now in twin.state_dict().items())


def test_wrong_arguments_are_named(path: Path) -> None:
    model = nn.Linear(1, 1)
    for call in (
        lambda: nn.save(3, path),  # type: ignore[arg-type]
        lambda: nn.save(path, model),  # type: ignore[arg-type]
        lambda: nn.restore(path, model),  # type: ignore[arg-type]
    ):
        with pytest.raises(TypeError, match="`model` is a Module"):
            call()
    for call in (lambda: nn.save(model, path, "adam"), lambda: nn.restore(model, path, nn.Adam)):  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="`optimizer` is an optimiser"):
            call()
    with pytest.raises(TypeError, match=r"`also\.best\.0` is .*a set: a file keeps"):
        nn.save(model, path, also={"best": [{1, 2}]})
    with pytest.raises(TypeError, match="`path` is the name of a file"):
        nn.load(3)  # type: ignore[arg-type]
    assert not path.exists()


@pytest.mark.parametrize(
    ("also", "message"),
    [
        (b"x", "`also` is b'x', a bytes"),
        ({"a": Tensor([1.0])}, r"`also\.a` is Tensor.*, a Tensor"),
        (nn.Linear(1, 1), "`also` is Linear"),
        ([nn.Linear(1, 1)], r"`also\.0` is Linear\(1, 1\), a Linear"),
        (np.array(["a"]), "an array of <U1"),
        (np.array([None]), "an array of object"),
        (1j, "a complex"),
    ],
)
def test_what_a_file_cannot_keep_is_named(path: Path, also: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        nn.save(nn.Linear(1, 1), path, also=also)
    assert not path.exists()


def test_notes_that_hold_themselves_are_refused(path: Path) -> None:
    notes: list[Any] = []
    notes.append(notes)
    with pytest.raises(ValueError, match="`also` holds itself"):
        nn.save(nn.Linear(1, 1), path, also=notes)


def test_names_that_a_file_cannot_keep_are_refused(path: Path) -> None:
    for name in ("a\0b", "__metadata__"):
        with pytest.raises(ValueError, match="no array in a file can be called"):
            write(path, {name: np.ones(1)})


# -- hostile headers --

LINEAR = {"$module": "Linear", "fan_in": 2, "fan_out": 1, "bias": True, "dtype": "float64"}


def whole(model: Any, **parts: Any) -> str:
    header = {"format": "chalkgrad", "version": 1, "kind": "X", "why": None, "optimizer": None, "also": None}
    return json.dumps(header | {"model": model} | parts)


HEADERS = {
    "no JSON": "{",
    "no dict": "[]",
    "of another": '{"format": "keras", "version": 1}',
    "without a version": '{"format": "chalkgrad"}',
    "a version that is none": '{"format": "chalkgrad", "version": true}',
    "without a model": '{"format": "chalkgrad", "version": 1}',
    "a text for a model": whole("os.system"),
    "an unknown layer": whole({"$module": "os.system"}),
    "a layer that is no name": whole({"$module": ["Linear"]}),
    "the base": whole({"$module": "Module"}),
    "an unknown sign": whole({"$eval": "1"}),
    "an unknown argument": whole(LINEAR | {"run": "x"}),
    "a missing argument": whole({"$module": "Linear", "fan_in": 2}),
    "an initializer": whole(LINEAR | {"initializer": "os.system"}),
    "objects for a dtype": whole(LINEAR | {"dtype": "object"}),
    "an unknown function": whole({"$module": "Activation", "function": "__import__"}),
    "a function of the table that is no activation": whole({"$module": "Activation", "function": "sum"}),
    "far too large": whole(LINEAR | {"fan_in": 10**6, "fan_out": 10**6}),
    "too large together": whole({"$module": "Sequential", "layers": [LINEAR | {"fan_in": 5000}] * 10**4}),
    "an array again and again": whole(
        {"$module": "Sequential", "layers": [{"$module": "PReLU", "slope": {"$array": "weight"}}] * 10**4}
    ),
    "generators without end": whole(
        {"$module": "Sequential", "layers": [{"$module": "Dropout", "rng": {"$random": [3, [0] * 625, None]}}] * 200}
    ),
    "no layers": whole({"$module": "Sequential", "layers": [1]}),
    "layers of another kind": whole({"$module": "MLP", "layers": [LINEAR]}),
    "no layers at all": whole({"$module": "MLP", "layers": []}),
    "a layer inside itself": whole({"$module": "Sequential", "layers": [{"$same": 0}]}),
    "a layer that is not there": whole({"$module": "Sequential", "layers": [{"$same": 9}]}),
    "an array that is not there": whole(LINEAR | {"fan_in": {"$array": "x"}}),
    "a wrong shape": whole(LINEAR | {"fan_in": 3}),
    "deep": whole(None).replace("null", '{"$module": "Sequential", "layers": [' * 5000 + "]}" * 5000, 1),
    "digits": whole(LINEAR).replace("2", "2" * 5000, 1),
}


@pytest.mark.parametrize("case", HEADERS)
def test_a_hostile_header_is_refused_in_words(path: Path, case: str) -> None:
    write(path, {"weight": np.ones((2, 1)), "bias": np.ones(1)}, HEADERS[case])
    with pytest.raises(ValueError, match=r"'.*model\.(npz|safetensors)' (is damaged|has a header|does not fit)"):
        nn.load(path)
    write(path, {"weight": np.ones((2, 1)), "bias": np.ones(1)}, whole(LINEAR))
    assert nn.load(path).num_parameters() == 3


@pytest.mark.parametrize(
    "state",
    [
        {"bit_generator": "os"},
        {"bit_generator": "PCG64"},
        {"bit_generator": "PCG64", "state": {"state": "x", "inc": 1}, "has_uint32": 0, "uinteger": 0},
        3,
    ],
)
def test_a_hostile_generator_is_refused(path: Path, state: Any) -> None:
    for sign in ("$generator", "$random"):
        write(path, {"weight": np.ones((2, 1)), "bias": np.ones(1)}, whole(LINEAR, also={sign: state}))
        with pytest.raises(ValueError, match="is damaged in its 'also'"):
            nn.restore(nn.Linear(2, 1), path)


@pytest.mark.parametrize("part", ["reading", "optimizer", "also"])
@pytest.mark.parametrize("value", [3, True, "x", [1], {"kind": []}, {"$generator": {}}, {"$same": 0}, {"$array": "x"}])
def test_a_hostile_part_is_refused_or_harmless(path: Path, part: str, value: Any) -> None:
    layer, optimizer = nn.Linear(2, 1), nn.SGD(lr=0.1)
    parts = {"optimizer": nn.SGD(layer.parameters(), lr=0.1).state_dict(), part: value}
    write(path, {"weight": np.ones((2, 1)), "bias": np.ones(1)}, whole(LINEAR, **parts))
    before = layer.state_dict()
    if part == "also" and value in (3, True, "x", [1], {"kind": []}):
        assert nn.restore(layer, path, optimizer) == value
        return
    with pytest.raises(ValueError, match=r"is damaged in its|`state`"):
        nn.restore(layer, path, optimizer)
    assert np.array_equal(layer.weight.data, before["weight"]) and optimizer.steps == 0


def test_a_newer_version_says_to_upgrade(path: Path) -> None:
    write(path, {}, '{"format": "chalkgrad", "version": 3}')
    with pytest.raises(ValueError, match=r"newer chalkgrad, in version 3; .*install a newer"):
        nn.load(path)


# -- killed --

TRAINING = """
import signal; signal.alarm(300)  # no orphan: it ends by itself, too
import sys, numpy as np, nn
model, optimizer, epoch = nn.TensorMLP(2, [200, 1], rng=0), nn.Adam(lr=1e-3), 0
X, y = nn.datasets.xor()
while True:
    nn.fit(model, X, y, optimizer=optimizer, epochs=1, batch_size=None, compiled=False)
    epoch += 1
    nn.save(model, sys.argv[1], optimizer, also={"epoch": epoch})
    if epoch == 1:
        print("saved", flush=True)
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="kills with SIGKILL")
def test_a_kill_at_any_moment_leaves_a_checkpoint_that_loads(path: Path, popen: Any) -> None:
    rng, epochs = random.Random(0), []
    for _ in range(5):
        process = popen([sys.executable, "-c", TRAINING, str(path)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None and process.stdout.readline() == "saved\n"
        time.sleep(rng.uniform(0.0, 0.2))
        process.send_signal(signal.SIGKILL)
        process.wait()
        model, optimizer = nn.TensorMLP(2, [200, 1]), nn.Adam(lr=1e-3)
        epochs.append(nn.restore(model, path, optimizer)["epoch"])
        assert epochs[-1] == optimizer.steps and nn.load(path).num_parameters() == 801
    assert max(epochs) > 1
