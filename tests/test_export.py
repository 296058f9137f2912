"""Exported nets: what onnxruntime, PyTorch and bare Python compute with them is what the net computes."""

from __future__ import annotations

import copy
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd as ag
import nn
from autograd import Tensor
from nn.export import source, to_python

X = np.random.default_rng(0).normal(size=(7, 3))


class Own(nn.Module):
    """A Module of a user, of one function of a batch."""

    def __init__(self, function: Any) -> None:
        self.function, self.first = function, nn.Linear(3, 4, rng=0)

    def forward(self, x: Any) -> Any:
        return self.function(self.first(x))


@ag.primitive(partials=[1.0])
def more(x: Any) -> Any:
    return x + 1.0


def maxout(h: Any) -> Any:
    return ag.max(ag.reshape(h, shape=(h.shape[0], 2, 2)), axis=-1)


MODELS: dict[str, Any] = {
    "values": nn.MLP(3, [4, 2], "tanh", rng=0),
    "tensors": nn.TensorMLP(3, [5, 4, 2], rng=0),
    "float32": nn.TensorMLP(3, [5, 2], "silu", rng=0, dtype=np.float32),
    "no bias": nn.Sequential(nn.Linear(3, 2, bias=False, rng=0)),
    "one output": nn.Sequential(nn.Linear(3, 1, rng=0), nn.Sigmoid()),
    "nothing": nn.Sequential(),
    "learned slope": nn.Sequential(nn.Linear(3, 4, rng=0), nn.PReLU(), nn.Linear(4, 2, rng=1)),
    "learned slopes": nn.Sequential(nn.Linear(3, 4, rng=0), nn.PReLU(slope=[0.1, 0.2, 0.3, 0.4])),
    "masked": nn.Sequential(nn.Linear(3, 2, mask=[[1, 0], [0, 1], [1, 1]], rng=0)),
    "maxout layer": nn.Sequential(nn.Maxout(3, 4, pieces=3, rng=0), nn.Linear(4, 2, rng=1)),
    "residual layer": nn.Sequential(nn.Residual(nn.TensorMLP(3, [4, 3], rng=0)), nn.Softmax()),
    "dropout and noise": nn.Sequential(nn.Noise(1.0), nn.Linear(3, 4, rng=0), nn.Dropout(0.5), nn.LogSoftmax()),
    "values of many kinds": nn.MLP(3, [4, 2], nn.LeakyReLU(slope=0.3), dropout=0.5, rng=0),
    "softmax": Own(ag.softmax),
    "log-softmax": Own(ag.log_softmax),
    "maxout": Own(maxout),
    "residual": Own(lambda h: h + ag.tanh(h)),
    "mean": Own(lambda h: ag.mean(h, axis=1, keepdims=True)),
    "variance": Own(lambda h: ag.var(h, axis=-1)[:, None]),
    "turned": Own(lambda h: ag.swapaxes(ag.reshape(h, shape=(-1, 2, 2)))),
    "transposed": Own(lambda h: ag.transpose(ag.reshape(h, shape=(-1, 2, 2)), axes=(0, 2, 1)) * 2.0),
    "pieces": Own(lambda h: ag.concatenate([h[:, 1:3], h[:, ::-2], h[..., :1]], axis=1)),
    "chosen columns": Own(lambda h: h[:, [2, 0, 2]]),
    "column": Own(lambda h: h[:, 2]),
    "stacked": Own(lambda h: ag.stack([h, -h], axis=1)),
    "broadcast": Own(lambda h: h - ag.max(h, axis=1, keepdims=True)),
    "clipped": Own(lambda h: ag.clip(h, -0.5, 0.5)),
    "chosen": Own(lambda h: ag.where(np.array([True, False, True, False]), h, 3.0 * h)),
    "divided": Own(lambda h: 1.0 / (1.0 + h * h) - h / 3.0),
    "of several": Own(lambda h: ag.sum(h * ag.sqrt(ag.abs(h)), axis=1, keepdims=True) ** 2),
}

NEEDS_SHAPE = {"nothing": (3,)}

FUNCTIONS = [
    "abs", "asinh", "atan", "ceil", "cos", "cosh", "elu", "erf", "erfc", "exp", "exp2", "expm1", "floor", "gelu",
    "identity", "leaky_relu", "log_sigmoid", "neg", "relu", "round", "sigmoid", "sign", "silu", "sin", "sinh",
    "softplus", "square", "step", "tan", "tanh",
]  # fmt: skip


def run_python(model: Any, X: np.ndarray, **settings: Any) -> np.ndarray:
    room: dict[str, Any] = {}
    exec(nn.export.to_python(model, **settings), room)  # a source that we have just written
    return np.array([room["predict"](row.ravel().tolist()) for row in X])


def run_javascript(model: Any, X: np.ndarray, **settings: Any) -> np.ndarray:
    if shutil.which("node") is None:
        pytest.skip("node is missing")
    source = nn.export.to_javascript(model, **settings)
    rows = json.dumps([row.ravel().tolist() for row in X])  # NaN and Infinity, too, are JavaScript
    code = f"{source}\nconst told = (x) => Number.isFinite(x) ? x : String(x);"
    code += f"process.stdout.write(JSON.stringify({rows}.map((x) => predict(x).map(told))));"
    done = subprocess.run(["node", "-"], input=code, capture_output=True, text=True, check=True, timeout=60)
    return np.array([[float(x) for x in row] for row in json.loads(done.stdout)])


def run_onnx(model: Any, X: np.ndarray, **settings: Any) -> np.ndarray:
    runtime = pytest.importorskip("onnxruntime")
    made = nn.export.to_onnx(model, **settings)
    session = runtime.InferenceSession(made.SerializeToString(), providers=["CPUExecutionProvider"])
    dtype = {"tensor(float)": np.float32, "tensor(double)": np.float64}[session.get_inputs()[0].type]
    (y,) = session.run(None, {"x": X.astype(dtype)})
    return y


# -- plain Python --


@pytest.mark.parametrize("run", [run_python, run_javascript])
@pytest.mark.parametrize("name", MODELS)
def test_plain_source_computes_the_same(name: str, run: Any) -> None:
    model, shape = MODELS[name], NEEDS_SHAPE.get(name)
    expected = model.outputs(X)
    tolerance = 1e-6 if name == "float32" else 1e-13
    assert np.allclose(run(model, X, shape=shape), expected.reshape(len(X), -1), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("run", [run_python, run_javascript])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_activation_in_plain_source_also_far_out(name: str, run: Any) -> None:
    model = nn.Sequential(nn.Activation(name))
    x = np.array([[0.0, 1e-9, -1e-9, 0.5, -0.5, 2.5, -2.5, 30.0, -30.0, 600.0, -600.0]])
    if name in ("exp", "exp2", "expm1", "sigmoid", "softplus", "elu", "gelu", "silu", "tanh", "relu", "log_sigmoid"):
        x = np.concatenate([x, [[5000.0, -5000.0]]], axis=1)
    assert np.allclose(run(model, x, shape=x.shape[1:]), model.outputs(x), rtol=1e-13, atol=1e-300)


def test_the_function_runs_in_a_bare_python(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(nn.export.to_python(MODELS["tensors"], name="net"))
    code = f"import net; print(net.net({X[0].tolist()}))"
    out = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.append({str(tmp_path)!r}); {code}"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert np.allclose(eval(out), MODELS["tensors"].outputs(X[:1])[0], rtol=1e-13)


def test_the_function_says_how_many_numbers_it_takes() -> None:
    with pytest.raises(ValueError, match="predict takes 3 numbers, not 2"):
        run_python(MODELS["tensors"], X[:, :2])


def test_a_trained_net_of_digits_gives_the_same_digits() -> None:
    images, labels = nn.datasets.digits()
    model = nn.TensorMLP(64, [16, 10], rng=0)
    nn.fit(model, images, labels, "cross_entropy", optimizer=nn.Adam(lr=0.01), epochs=5, rng=0)
    expected = model.outputs(images)
    assert np.mean(expected.argmax(axis=1) == labels) > 0.8
    assert np.allclose(run_onnx(model, images), expected, rtol=1e-4, atol=1e-4)
    assert np.array_equal(run_python(model, images[:50]).argmax(axis=1), expected[:50].argmax(axis=1))


@pytest.mark.parametrize("name", ["", "1x", "a b", "class", None, "x;y", "f(){}//", "f\n"])
def test_a_name_that_is_none_is_refused(name: Any) -> None:
    with pytest.raises(ValueError, match="`name` is a name of JavaScript"):
        nn.export.to_javascript(MODELS["tensors"], name=name)
    with pytest.raises(ValueError, match="`name` is a name of Python"):
        nn.export.to_python(MODELS["tensors"], name=name)


def test_names_that_python_has_taken_are_changed() -> None:
    class Odd(nn.Module):
        def __init__(self) -> None:
            one, two, three = Tensor([1.0, 2.0, 3.0]), Tensor([2.0, 2.0, 1.0]), Tensor([0.5, 0.5, 1.0])
            self.parts = {"class": one, "x": two, "é, ": three}
            self.dot, self.h1 = Tensor(np.eye(3) * 2.0), Tensor([1.0, 0.0, 1.0])

        def forward(self, x: Any) -> Any:
            a, b, c = self.parts.values()
            return ((x * a + b) @ self.dot + c) * self.h1

    assert np.allclose(run_python(Odd(), X, shape=(3,)), Odd().outputs(X), rtol=1e-14)
    assert np.allclose(run_javascript(Odd(), X, shape=(3,)), Odd().outputs(X), rtol=1e-14)
    assert np.allclose(run_onnx(Odd(), X, shape=(3,)), Odd().outputs(X), rtol=1e-5)


def test_no_name_becomes_code_in_javascript() -> None:
    class Sly(nn.Module):
        def __init__(self) -> None:
            self.parts = {"w]; throw 1; //": Tensor(np.eye(3)), "</script>": Tensor([1.0, 2.0, 3.0])}

        def forward(self, x: Any) -> Any:
            one, two = self.parts.values()
            return x @ one + two

        def __repr__(self) -> str:
            return "Sly()\u2028throw 2;\rthrow 3;\n</script><script>throw 4;"

    source = nn.export.to_javascript(Sly(), shape=(3,))
    assert "</script>" not in source
    told = [line for line in source.splitlines() if re.search(r"\bthrow\b", line)]
    assert [line[:2] for line in told] == ["//", "//", "//", "  "] and "RangeError" in told[-1]
    assert np.allclose(run_javascript(Sly(), X, shape=(3,)), Sly().outputs(X), rtol=1e-14)


def test_infinity_and_nan_in_javascript_are_those_of_the_net() -> None:
    x = np.array([[np.inf, -np.inf, np.nan]])
    for name in ("relu", "leaky_relu", "sigmoid", "tanh", "softplus", "step", "abs", "sign", "exp", "erf"):
        model = nn.Sequential(nn.Activation(name))
        with np.errstate(all="ignore"):
            expected = model.outputs(x)
        assert np.array_equal(run_javascript(model, x, shape=(3,)), expected, equal_nan=True), name


# -- ONNX --


@pytest.mark.parametrize("name", MODELS)
def test_onnxruntime_computes_the_same_for_any_number_of_rows(name: str) -> None:
    model, shape = MODELS[name], NEEDS_SHAPE.get(name)
    for rows in (1, 3, 5, 7):
        got, expected = run_onnx(model, X[:rows], shape=shape), model.outputs(X[:rows])
        assert got.shape == expected.shape and got.dtype == np.float32
        assert np.allclose(got, expected, rtol=2e-5, atol=2e-6)
    if name != "float32":
        got = run_onnx(model, X, shape=shape, dtype="float64")
        assert got.dtype == np.float64 and np.allclose(got, model.outputs(X), rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_activation_in_onnxruntime(name: str) -> None:
    model = nn.Sequential(nn.Activation(name))
    x = np.array([[0.0, 0.25, -0.25, 1.0, -1.0, 2.5, -2.5, 5.0, -5.0]])
    assert np.allclose(run_onnx(model, x, shape=(9,)), model.outputs(x), rtol=2e-5, atol=1e-6)


def test_onnx_is_written_whole_and_checked(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    path = tmp_path / "net.onnx"
    made = nn.export.to_onnx(MODELS["tensors"], path)
    assert onnx.load(path) == made and [x.name for x in made.graph.input] == ["x"]
    assert {c.name for c in made.graph.initializer} == set(MODELS["tensors"].state_dict())
    assert [d.dim_param or d.dim_value for d in made.graph.output[0].type.tensor_type.shape.dim] == ["rows", 2]
    for wrong in ("net.pb", 3):
        with pytest.raises(ValueError, match=r"must end in \.onnx"):
            nn.export.to_onnx(MODELS["tensors"], wrong)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="`dtype` is float32 or float64"):
        nn.export.to_onnx(MODELS["tensors"], dtype="int8")


# -- PyTorch --


@pytest.mark.slow
def test_the_same_net_in_pytorch_computes_the_same() -> None:
    torch = pytest.importorskip("torch")
    ours = nn.TensorMLP(3, [5, 4, 2], "tanh", rng=0)
    layers = torch.nn
    theirs = layers.Sequential(
        layers.Linear(3, 5), layers.Tanh(), layers.Linear(5, 4), layers.Tanh(), layers.Linear(4, 2)
    ).double()
    theirs.load_state_dict(nn.export.to_torch(ours))
    with torch.no_grad():
        assert np.allclose(theirs(torch.from_numpy(X)).numpy(), ours.outputs(X), rtol=1e-13, atol=1e-14)
    other = nn.TensorMLP(3, [5, 4, 2], "tanh", rng=1)
    nn.export.load_torch(other, theirs.state_dict())
    assert np.array_equal(other.outputs(X), ours.outputs(X))
    other.parameters()[0].data[:] = 0.0  # neither side sees the other
    assert torch.count_nonzero(theirs[0].weight) == 15


@pytest.mark.slow
def test_float32_from_pytorch_is_exact() -> None:
    torch = pytest.importorskip("torch")
    theirs = torch.nn.Sequential(torch.nn.Linear(3, 2))
    for dtype in (np.float32, np.float64):
        ours = nn.Sequential(nn.Linear(3, 2, dtype=dtype))
        nn.export.load_torch(ours, dict(theirs.named_parameters()))
        assert np.array_equal(ours[0].weight.data.T, theirs[0].weight.detach().numpy())  # type: ignore[attr-defined]
        assert ours.parameters()[0].dtype == dtype


@pytest.mark.slow
def test_learned_slopes_and_masks_in_pytorch() -> None:
    torch = pytest.importorskip("torch")
    masked = nn.Linear(3, 2, mask=[[1, 0], [0, 1], [1, 1]], rng=0)
    ours = nn.Sequential(masked, nn.PReLU(), nn.Linear(2, 3), nn.PReLU(slope=[0.1, 0.2, 0.3]))
    masked.weight.data = np.ones((3, 2))  # also where there is no connection
    layers = torch.nn
    theirs = layers.Sequential(layers.Linear(3, 2), layers.PReLU(), layers.Linear(2, 3), layers.PReLU(3)).double()
    theirs.load_state_dict(nn.export.to_torch(ours))
    with torch.no_grad():
        expected = theirs(torch.from_numpy(X)).numpy()
    assert np.allclose(expected, ours.outputs(X), rtol=1e-13)
    other = nn.Sequential(nn.Linear(3, 2), nn.PReLU(), nn.Linear(2, 3), nn.PReLU(slope=np.zeros(3)))
    nn.export.load_torch(other, theirs.state_dict())
    assert np.allclose(other.outputs(X), expected, rtol=1e-13)


@pytest.mark.slow
def test_tied_parameters_stand_under_each_name_in_pytorch() -> None:
    layers = pytest.importorskip("torch").nn
    tied, slope = nn.Linear(2, 2, rng=0), nn.PReLU()
    ours: Any = nn.Sequential(tied, slope, nn.Linear(2, 2, rng=1), slope, tied)
    ours[2].weight = tied.weight
    one, bend = layers.Linear(2, 2), layers.PReLU()
    theirs = layers.Sequential(one, bend, layers.Linear(2, 2), bend, one).double()
    theirs[2].weight = one.weight
    theirs.load_state_dict(nn.export.to_torch(ours))  # it refuses names that are missing or too many
    other = copy.deepcopy(ours)
    for p in other.parameters():
        p.data = p.data + 1
    nn.export.load_torch(other, theirs.state_dict())
    assert np.array_equal(other.outputs(X[:, :2]), ours.outputs(X[:, :2]))
    with pytest.raises(ValueError, match=r"unexpected: '2\.weight'"):
        nn.export.load_torch(other, theirs.state_dict() | {"2.weight": np.ones((2, 2))})


def test_images_are_handed_over_flat() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(12, 2, rng=0))
    images = np.random.default_rng(0).normal(size=(5, 3, 4))
    assert np.allclose(run_python(model, images, shape=(3, 4)), model.outputs(images), rtol=1e-13)
    assert np.allclose(run_onnx(model, images, shape=(3, 4)), model.outputs(images), rtol=1e-5)


def test_a_state_dict_that_does_not_fit_says_why() -> None:
    with pytest.raises(ValueError, match=r"(?s)missing: 'bias'.*unexpected: 'b'.*shape: 'weight' is \(2, 3\)"):
        nn.export.load_torch(nn.Linear(3, 2), {"weight": np.ones((3, 2)), "b": 1.0})
    with pytest.raises(TypeError, match="`state` is what"):
        nn.export.load_torch(nn.Linear(3, 2), [1])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="`model` is a Module"):
        nn.export.to_torch(3)  # type: ignore[arg-type]


# -- what cannot be traced --


@pytest.mark.parametrize("export", [nn.export.to_python, nn.export.to_javascript, nn.export.to_onnx])
@pytest.mark.parametrize(
    ("function", "error", "message"),
    [
        (lambda h: h if h.data[0, 0] > 0.0 else -h, ValueError, "something else for other inputs"),
        (lambda h: h * np.random.default_rng().normal(), ValueError, "something else for other inputs"),
        (lambda h: h.data, ValueError, "does not depend on its input as a graph"),
        (lambda h: Tensor(np.ones(3)) * 2.0, ValueError, "does not depend on its input as a graph"),
        (lambda h: ag.cumsum(h, axis=1), TypeError, "cumsum"),
        (more, TypeError, "operation of yours"),
    ],
)
def test_what_has_no_form_elsewhere_is_refused_in_words(export: Any, function: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        export(Own(function))


def test_what_depends_on_the_number_of_rows_is_no_onnx() -> None:
    rows: Any = lambda h: len(h.data)
    for function in (lambda h: h * np.arange(rows(h))[:, None], lambda h: h / rows(h), lambda h: h[: rows(h)]):
        with pytest.raises(ValueError, match="depends on the number of rows"):
            nn.export.to_onnx(Own(function))
    with pytest.raises(TypeError, match="an index among the rows"):
        nn.export.to_onnx(Own(lambda h: h[::-1]))
    for function in (lambda h: h[:2], lambda h: h[:10]):  # the first rows are no whole batch, if there are more
        with pytest.raises(TypeError, match="an index among the rows"):
            nn.export.to_onnx(Own(function))


@pytest.mark.parametrize("export", [nn.export.to_python, nn.export.to_javascript, nn.export.to_onnx])
def test_wrong_arguments_are_named(export: Any) -> None:
    for model in (3, None, nn.Linear, "net"):
        with pytest.raises(TypeError, match="`model` is a Module"):
            export(model)
    with pytest.raises(TypeError, match="one point at a time"):
        export(nn.Neuron(2))
    with pytest.raises(ValueError, match="`shape` of a row is needed"):
        export(nn.Sequential(nn.Tanh()))
    for shape in (3, (0,), (2.0,), "3"):
        with pytest.raises(ValueError, match="`shape` is the shape of one row"):
            export(nn.Sequential(nn.Tanh()), shape=shape)
    with pytest.raises(ValueError, match="needs"):
        export(nn.Linear(3, 2), shape=(4,))


def test_training_mode_comes_back() -> None:
    model = nn.TensorMLP(3, [2, 1])
    model[0].eval()
    nn.export.to_python(model)
    assert [module.training for _, module in model.named_modules()] == [True, False, True, True]


def test_a_net_that_has_diverged_is_refused() -> None:
    model = nn.Linear(3, 2)
    model.weight.data = np.full((3, 2), np.nan)
    with pytest.raises(ValueError, match="diverged"):
        nn.export.to_python(model)


class Many(nn.Module):
    """A net of many operations, with parameters that are called as builtins and helpers are."""

    def __init__(self) -> None:
        self.sum, self.h1, self.dot_ = nn.Linear(2, 3, rng=1), nn.Linear(3, 3, rng=2), nn.Linear(3, 2, rng=3)
        self.zip = Tensor(np.full(3, 1.5))

    def forward(self, x: Any) -> Any:
        h = ag.tanh(self.sum(x)) + ag.sigmoid(self.h1(ag.relu(self.sum(x)))) * self.zip
        h = h + ag.exp(h) + ag.softplus(h) + ag.floor(h) + ag.round(h) + ag.abs(h) + ag.elu(h) + ag.clip(h, -1.0, 1.0)
        h = h - ag.logsumexp(h, axis=-1, keepdims=True) + ag.max(h, axis=-1, keepdims=True) + ag.sqrt(ag.square(h))
        return self.dot_(h + ag.log(ag.square(h) + 1.0) + ag.div(h, ag.square(h) + 1.0) + ag.leaky_relu(h))


def test_a_function_has_a_name_that_its_text_does_not_need() -> None:
    model, x = Many(), [0.3, -0.7]
    expected = model.outputs([x])[0]
    for name in ("x1", "w", "i", "a", "h1", "weight", "math_"):
        space: dict[str, Any] = {}
        exec(to_python(model, name), space)
        np.testing.assert_allclose(space[name](x), expected, rtol=1e-12, err_msg=name)
        with pytest.raises(ValueError, match="takes 2 numbers, not 1"):
            space[name]([1.0])
    none = ["ſum", "class", "ｄｅｆ", "a b", "", "1a", "x):\n    import os\ndef f(", 3, None]
    for bad in ["abs", "sum", "zip", *source.HELPERS, "math", *none]:
        with pytest.raises(ValueError, match="`name` is a name of Python that is free"):
            to_python(model, bad)  # type: ignore[arg-type]
