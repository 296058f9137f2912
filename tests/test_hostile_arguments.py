"""Every public function, with every argument in turn replaced by something that it cannot use, or can only just.

`CALLS` gives a call that works for every callable that the packages declare (a test compares it with `__all__`), and
for the methods that take arguments. Each argument of it is replaced by each of `HOSTILE`. What may come of it: a
result, or an error that our own code raises in words; nothing that was handed over has changed then. What may not: an
error from the depths of NumPy, numba or Python, a warning, a change, and no end.
"""

from __future__ import annotations

import builtins
import io
import pickle
import signal
import traceback
import types
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd as ag
import chalkgrad
import nn
from autograd import Tensor, Value
from chalkgrad import exercises

pytestmark = pytest.mark.no_cover  # much work on the same lines

mpl = pytest.importorskip("matplotlib", reason="the plots are called, too")
mpl.use("Agg")

PACKAGES = tuple(str(Path(package.__file__).parent) for package in (ag, nn, chalkgrad) if package.__file__)
SECONDS = 120  # kernels may have to be compiled

X = np.random.default_rng(0).normal(size=(6, 2))
Y = np.array([0, 1, 0, 1, 1, 0])
MATRIX = np.arange(6.0).reshape(2, 3) / 7 + 0.1
EACH = np.array([0.5, 0.25])
ROWS = np.log([[0.5, 0.5], [0.25, 0.75]])


def net() -> nn.Module:
    model = nn.TensorMLP(2, [3, 1], rng=0)
    model.output_decoder = nn.OutputDecoder("logit", classes=[0, 1])
    return model


def chain() -> nn.Module:
    return nn.Sequential(nn.Linear(1, 3, rng=0), nn.ReLU(), nn.Linear(3, 1, rng=1))


FOUND = {"mean_test_score": np.array([0.5, 0.75]), "param_a": [1, 2], "param_b": [0.1, 10.0]}
SIGNALS = nn.inspect.signals(net(), X)


def cube(x: Any) -> Any:
    return ag.sum(x * x * x)


def twice(x: Any) -> Any:
    return x * x


def two(x: Any = 1.0, y: Any = 2.0) -> Any:
    return x * y


def objective() -> tuple[Callable[[], Any], list[Value]]:
    x = Value(3.0)
    return lambda: (x - 1.0) ** 2, [x]


class Made:
    """An argument that is made anew for each call, since the call may change it."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = make


def call(f: Callable[..., Any], *args: Any, **kwargs: Any) -> tuple[Any, tuple[Any, ...], dict[str, Any]]:
    return f, args, kwargs


# fmt: off
SHAPED: dict[str, dict[str, Any]] = {  # the settings of rows of the table that have no default
    "broadcast_to": {"shape": (4, 2, 3)}, "reshape": {"shape": (3, 2)}, "transpose": {"axes": (1, 0)},
    "swapaxes": {"axis1": 0, "axis2": 1}, "flip": {"axis": 0}, "astype": {"dtype": np.float32},
    "getitem": {"index": 1}, "scatter": {"index": 1, "shape": (4, 2, 3)},
    "sum": {"axis": 0, "keepdims": True}, "max": {"axis": 0, "keepdims": True}, "min": {"axis": 0, "keepdims": True},
    "norm": {"axis": 0, "keepdims": True}, "logsumexp": {"axis": 0, "keepdims": True}, "cumsum": {"axis": 0},
    "sinc": {"order": 0}, "concatenate": {"axis": 0}, "stack": {"axis": 0},
}  # fmt: skip


def row(f: Any) -> tuple[Any, tuple[Any, ...], dict[str, Any]]:
    operands = {"matmul": (MATRIX, MATRIX.T), "where": (MATRIX > 0.5, MATRIX, 1.0)}
    return f, operands.get(f.name, (MATRIX,) * f.arity), SHAPED.get(f.name, {})


PUBLIC = [*ag.__all__, *(name for name in dir(builtins) if name[0] != "_" and hasattr(ag, name))]
CALLS: dict[str, tuple[Any, tuple[Any, ...], dict[str, Any]]] = {
    f"autograd.{name}": row(f) for name in PUBLIC if isinstance(f := getattr(ag, name), ag.Primitive)
}
CALLS |= {f"autograd.{f.__name__}": call(f, MATRIX, MATRIX) for f in (
    ag.equal, ag.not_equal, ag.greater, ag.greater_equal, ag.less, ag.less_equal, ag.logical_and, ag.logical_or,
    ag.logical_xor)}  # fmt: skip
CALLS |= {f"autograd.{f.__name__}": call(f, MATRIX) for f in (ag.isfinite, ag.isinf, ag.isnan, ag.logical_not)}
CALLS |= {f"autograd.{f.__name__}": call(f, MATRIX, axis=0) for f in (ag.softmax, ag.log_softmax)}
CALLS |= {f"autograd.{f.__name__}": call(f, MATRIX, axis=0, keepdims=True) for f in (ag.mean, ag.prod)}
CALLS |= {f"autograd.{f.__name__}": call(f, MATRIX, axis=0, ddof=1, keepdims=True) for f in (ag.var, ag.std)}
CALLS |= {f"autograd.{f.__name__}": call(f, MATRIX, axis=0) for f in (ag.argmax, ag.argmin, ag.cumprod)}
CALLS |= {f"autograd.{f.__name__}": call(f, MATRIX, axis=0, keepdims=True) for f in (ag.any, ag.all)}
CALLS |= {f"autograd.{f.__name__}": call(f, MATRIX, 1) for f in (ag.diag, ag.tril, ag.triu, ag.tile, ag.trace)}
CALLS |= {f"autograd.{f.__name__}": call(f, MATRIX, 1, axis=0) for f in (ag.roll, ag.repeat, ag.diff)}
CALLS |= {f"autograd.{f.__name__}": call(f, X, X) for f in (ag.inner, ag.outer)}
CALLS |= {
    "autograd.ravel": call(ag.ravel, MATRIX), "autograd.squeeze": call(ag.squeeze, MATRIX[None], axis=0),
    "autograd.expand_dims": call(ag.expand_dims, MATRIX, 0), "autograd.moveaxis": call(ag.moveaxis, MATRIX, 0, 1),
    "autograd.pad": call(ag.pad, MATRIX, 1, mode="constant", constant_values=0.5),
    "autograd.tensordot": call(ag.tensordot, MATRIX, MATRIX.T, axes=1),
    "autograd.einsum": call(ag.einsum, "ij,jk->ik", MATRIX, MATRIX.T),
    "autograd.norm": call(ag.norm, MATRIX, 1, axis=0, keepdims=True),
}  # fmt: skip
CALLS |= {
    f"autograd.{f.__name__}": call(lambda f, argnums, x, transform=f: transform(f, argnums)(x), g, 0, X)
    for f, g in ((ag.grad, cube), (ag.value_and_grad, cube), (ag.jacobian, twice), (ag.hessian, cube))
}
CALLS |= {
    "autograd.Value": call(Value, 2.0, "x", requires_grad=True),
    "autograd.Tensor": call(Tensor, MATRIX, "x", dtype=np.float32, requires_grad=True),
    "autograd.backward_steps": call(lambda root: list(ag.backward_steps(root)), Made(lambda: Value(2.0) * 3)),
    "autograd.compile": call(lambda f, *x: ag.compile(f)(*x), twice, MATRIX),
    "autograd.Compiled": call(lambda f, *x: ag.Compiled(f)(*x), twice, MATRIX),
    "autograd.Program": call(lambda root: ag.Program(root)(), Made(lambda: Value(2.0) * 3)),
    "autograd.Loop": call(
        lambda *args, **more: ag.Loop(*args, **more), lambda s, fed, batch: (s * 0.5, [s]), 1.0, [], [X], 2),
    "autograd.concatenate": call(ag.concatenate, [Tensor(X), Tensor(X)], axis=0),
    "autograd.stack": call(ag.stack, [Tensor(X), Tensor(X)], axis=0),
    "autograd.dot": call(ag.dot, [Value(1.0), 2.0], [3.0, 4.0], 5.0),
    "autograd.draw": call(ag.draw, Made(lambda: Value(2.0) * 3), "both", depth=3, expand=(), focus=None, radius=None),
    "autograd.draw (forward mode)": call(lambda x, mode, view: ag.draw(x * 3, view, mode=mode, wrt=x),
                                         Made(lambda: Value(2.0)), "forward", "forward"),
    "autograd.draw (net)": call(lambda model, at: ag.draw(model, at=at).svg, Made(net), [1.0, 2.0]),
    "autograd.draw_dot": call(ag.draw_dot, Made(lambda: Value(2.0) * 3), "svg", rankdir="LR"),
    "autograd.latex": call(ag.latex, Made(lambda: Value(2.0) * 3), values=True),
    "autograd.fresh": call(ag.fresh, lambda: 2.0),
    "autograd.gradcheck": call(ag.gradcheck, cube, X, order=1, method="differences", rtol=1e-6, atol=1e-9, rng=None),
    "autograd.gradients": call(
        lambda x, xs: ag.gradients(x * x, [x] if isinstance(xs, str) else xs), Made(lambda: Value(2.0)), "x"),
    "autograd.hvp": call(ag.hvp, cube, X, X),
    "autograd.jvp": call(ag.jvp, cube, (X,), (X,)),
    "autograd.vjp": call(lambda f, x, g: ag.vjp(f, x)[1](g), cube, X, 1.0),
    "autograd.vmap": call(lambda f, in_axes, x: ag.vmap(f, in_axes)(x), cube, 0, X),
    "autograd.paths": call(lambda x, start: ag.paths(x * x, x if isinstance(start, str) else start), Made(lambda: Value(2.)), "x"),  # noqa: E501
    "autograd.primitive": call(ag.primitive, lambda x: x * 2.0, symbol="2", partials=[2.0], domain=None, kinks=()),
    "autograd.Primitive": call(ag.Primitive, lambda x: x * 2.0, symbol="2", partials=[2.0], domain=None, kinks=()),
    "autograd.topological": call(ag.topological, Made(lambda: Value(2.0) * 3)),
    "Tensor.data": call(lambda t, data: setattr(t, "data", data), Made(lambda: Tensor(MATRIX)), MATRIX),
    "Value.data": call(lambda v, data: setattr(v, "data", data), Made(lambda: Value(2.0)), 3.0),
    "Node.label": call(lambda v, label: setattr(v, "label", label), Made(lambda: Value(2.0)), "x"),
    "Node.backward": call(lambda v, gradient: v.backward(gradient), Made(lambda: Tensor(MATRIX) * 2), MATRIX),
    "Value.backward": call(lambda v, gradient: v.backward(gradient), Made(lambda: Value(2.0) * 2), 1.0),
    "Tensor[]": call(lambda t, index: t[index], Made(lambda: Tensor(MATRIX)), (1, slice(None))),
    "Tensor.reshape": call(lambda t, *shape: t.reshape(*shape), Made(lambda: Tensor(MATRIX)), 3, 2),
    "Tensor.transpose": call(lambda t, *axes: t.transpose(*axes), Made(lambda: Tensor(MATRIX)), 1, 0),
    "Tensor.sum": call(lambda t, axis: t.sum(axis=axis), Made(lambda: Tensor(MATRIX)), 0),
    "Tensor.clip": call(lambda t, low, high: t.clip(low, high), Made(lambda: Tensor(MATRIX)), 0.2, 0.4),
    "Tensor +": call(lambda t, x: t + x, Made(lambda: Tensor(MATRIX)), 1.0),
    "Tensor * (left)": call(lambda t, x: x * t, Made(lambda: Tensor(MATRIX)), 1.0),
    "Tensor @": call(lambda t, x: t @ x, Made(lambda: Tensor(MATRIX)), MATRIX.T),
    "Value **": call(lambda t, x: t**x, Made(lambda: Value(2.0)), 2.0),
    "Value <": call(lambda t, x: t < x, Made(lambda: Value(2.0)), 2.0),
}

DRAWN = {"rng": 0, "initializer": "he_normal"}
CALLS |= {f"nn.{f.__name__}": call(f) for f in (
    nn.Abs, nn.ELU, nn.GELU, nn.Identity, nn.LeakyReLU, nn.LogSoftmax, nn.ReLU, nn.SiLU, nn.Sigmoid, nn.Sign,
    nn.Softmax, nn.Softplus, nn.Step, nn.Tanh, nn.Flatten, nn.Module, nn.Callback)}  # fmt: skip
CALLS |= {f"nn.{f.__name__} of x": call(lambda x, make=f: make()(x), X) for f in (
    nn.Abs, nn.ELU, nn.GELU, nn.Identity, nn.LeakyReLU, nn.LogSoftmax, nn.ReLU, nn.SiLU, nn.Sigmoid, nn.Sign,
    nn.Softmax, nn.Softplus, nn.Step, nn.Tanh, nn.Flatten, nn.PReLU)}  # fmt: skip
CALLS |= {
    "nn.Neuron": call(nn.Neuron, 2, "tanh", **DRAWN),
    "nn.Neuron of x": call(lambda x: nn.Neuron(2, rng=0)(x), [1.0, 2.0]),
    "nn.Layer": call(nn.Layer, 2, 3, "tanh", dropout=0.1, **DRAWN),
    "nn.MLP": call(nn.MLP, 2, [3, 1], "tanh", dropout=0.1, **DRAWN),
    "nn.MLP of x": call(lambda x: nn.MLP(2, [1], rng=0)(x), [1.0, 2.0]),
    "nn.TensorMLP": call(nn.TensorMLP, 2, [3, 1], "tanh", dropout=0.1, dtype=np.float32, **DRAWN),
    "nn.Linear": call(nn.Linear, 2, 3, bias=True, mask=np.ones((2, 3)), dtype=np.float32, **DRAWN),
    "nn.Linear of x": call(lambda x: nn.Linear(2, 3, rng=0)(x), X),
    "nn.Maxout": call(nn.Maxout, 2, 3, pieces=2, dtype=np.float32, **DRAWN),
    "nn.Maxout of x": call(lambda x: nn.Maxout(2, 3, rng=0)(x), X),
    "nn.Dropout": call(nn.Dropout, 0.5, rng=0),
    "nn.Dropout of x": call(lambda x: nn.Dropout(0.5, rng=0)(x), X),
    "nn.Noise": call(nn.Noise, 0.5, rng=0),
    "nn.Residual": call(nn.Residual, Made(lambda: nn.Linear(2, 2, rng=0))),
    "nn.Residual of x": call(lambda x: nn.Residual(nn.Linear(2, 2, rng=0))(x), X),
    "nn.Sequential": call(nn.Sequential, Made(lambda: nn.Linear(2, 2, rng=0)), Made(nn.ReLU)),
    "nn.Activation": call(nn.Activation, "leaky_relu", slope=0.1),
    "nn.PReLU": call(nn.PReLU, slope=0.25),
    "nn.SGD": call(nn.SGD, Made(lambda: [Value(1.0)]), lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.1, clip=None),  # noqa: E501
    "nn.Adagrad": call(nn.Adagrad, Made(lambda: [Value(1.0)]), lr=0.1, eps=1e-8, weight_decay=0.1, clip=None),
    "nn.RMSprop": call(nn.RMSprop, Made(lambda: [Value(1.0)]), lr=0.1, alpha=0.9, momentum=0.5, eps=1e-8),
    "nn.Adam": call(nn.Adam, Made(lambda: [Value(1.0)]), lr=0.1, betas=(0.9, 0.99), eps=1e-8),
    "nn.AdamW": call(nn.AdamW, Made(lambda: [Value(1.0)]), lr=0.1, betas=(0.9, 0.99), eps=1e-8),
    "nn.Optimizer": call(nn.Optimizer, Made(lambda: [Value(1.0)]), lr=0.1, weight_decay=0.1, clip=None),
    "nn.Groups": call(nn.Groups, Made(lambda: nn.SGD([Value(1.0)], lr=0.1)), clip=None),
    "nn.ClipNorm": call(nn.ClipNorm, 1.0),
    "nn.ClipValue": call(nn.ClipValue, 1.0),
    "nn.playground": call(
        nn.playground, X, Y, features=("x0", "x1"), hidden=[2], activation="tanh", loss="bce_with_logits",
        optimizer="adam", lr=0.1, penalty="L2", alpha=0.1, batch_size=3, noise=0.1, test_size=0.4, discretize=True,
        seed=2),
    "nn.playground (data)": call(nn.playground, data="spirals"),
    "nn.linear_classifier_demo": call(nn.linear_classifier_demo, loss="softmax", alpha=0.1, lr=0.1, seed=2),
    "nn.minimize": call(lambda f, xs, **more: nn.minimize(
        objective()[0] if isinstance(f, str) else f, objective()[1] if isinstance(xs, str) else xs, **more), "f", "xs", method="BFGS", compiled=False),  # noqa: E501
    "nn.descend": call(nn.descend, cube, EACH, Made(lambda: nn.SGD(lr=0.1)), 2),
    "nn.newton": call(nn.newton, cube, EACH, 2),
    "nn.L1": call(nn.L1, 0.1, biases=True),
    "nn.L2": call(nn.L2, 0.1, biases=True),
    "nn.L2 of model": call(lambda model: nn.L2(0.1)(model), Made(net)),
    "nn.StandardScaler": call(nn.StandardScaler),
    "nn.StandardScaler.fit": call(lambda x: nn.StandardScaler().fit(x), X),
    "nn.StandardScaler.transform": call(lambda x: nn.StandardScaler().fit(X).transform(x), X),
    "nn.StandardScaler.inverse": call(lambda x: nn.StandardScaler().fit(X).inverse_transform(x), X),
    "nn.batches": call(lambda n, size, **more: list(nn.batches(n, size, **more)), 10, 3, shuffle=True, drop_last=True,
                       rng=0),
    "nn.NAdam": call(nn.NAdam, Made(lambda: [Value(1.0)]), lr=0.1, momentum_decay=0.1, maximize=True),
    "nn.split (stratify)": call(nn.split, X, Y, 0.3, rng=0, stratify=Y),
    "nn.split": call(nn.split, X, Y, 0.3, rng=0),
    "nn.fit": call(nn.fit, Made(net), X, Y, "bce_with_logits", optimizer=Made(lambda: nn.SGD(lr=0.1)), epochs=1,
                   batch_size=3, shuffle=True, drop_last=False, validation=0.4, metrics=["accuracy"], penalty=None,
                   sample_weight=np.ones(6), class_weight=[1.0, 2.0], callbacks=(), resume=False,
                   progress=False, compiled=False, rng=0),
    "nn.fit (steps)": call(nn.fit, Made(net), X, Y, steps=2, compiled=True),
    "nn.evaluate": call(nn.evaluate, Made(net), X, Y, "bce_with_logits", ["accuracy"]),
    "nn.load": call(nn.load, "FILE"),
    "nn.notes": call(nn.notes, "FILE"),
    "nn.restore": call(nn.restore, Made(net), "FILE", None),
    "nn.buffer": call(nn.buffer, 1.0, "mean"),
    "nn.save": call(nn.save, Made(net), "OTHER", None, also={"a": 1}),
    "nn.OutputDecoder": call(nn.OutputDecoder, "logit", [0, 1], False),
    "nn.OutputDecoder.targets": call(lambda y: nn.OutputDecoder("logit", [0, 1]).targets(y), Y),
    "nn.CSVLog": call(nn.CSVLog, "LOG"),
    "nn.Checkpoint": call(nn.Checkpoint, "OTHER", every=1, monitor="loss", mode="min"),
    "nn.EarlyStopping": call(nn.EarlyStopping, "loss", patience=1, mode="min", min_delta=0.1, restore_best=True),
    "nn.LivePlot": call(nn.LivePlot, 1.0),
    "nn.OptunaPruning": call(nn.OptunaPruning, types.SimpleNamespace(report=print, should_prune=bool), "loss"),
    "Module.outputs": call(lambda model, x: model.outputs(x), Made(net), X),
    "Module.predict": call(lambda model, x: model.predict(x), Made(net), X),
    "Module.predict_proba": call(lambda model, x: model.predict_proba(x), Made(net), X),
    "Module.load_state_dict": call(lambda model, state: model.load_state_dict(state), Made(net),
                                   Made(lambda: net().state_dict())),
    "Module.train": call(lambda model, on: model.train(on), Made(net), True),
    "Module.summary": call(lambda model, x: model.summary(x), Made(net), X),
    "Optimizer.bind": call(lambda parameters: nn.SGD(lr=0.1).bind(parameters), Made(lambda: [Value(1.0)])),
    "Optimizer.load_state_dict": call(lambda state: nn.SGD([Value(1.0)], lr=0.1).load_state_dict(state),
                                      Made(lambda: nn.SGD([Value(1.0)], lr=0.1).state_dict())),
    "nn.activations.function_of": call(nn.activations.function_of, "relu"),
    "nn.activations.is_of_rows": call(nn.activations.is_of_rows, ag.relu),
    "nn.activations.layer_of": call(nn.activations.layer_of, ag.relu),
    "nn.activations.linear": call(nn.activations.linear, X),
    "nn.activations.name_of": call(nn.activations.name_of, ag.relu),
    "nn.activations.named": call(nn.activations.named, ag.relu),
    "nn.activations.on_values": call(nn.activations.on_values, ag.relu),
    "nn.demos.composition": call(nn.demos.composition),
    "nn.demos.joints": call(nn.demos.joints),
    "nn.demos.momentum": call(nn.demos.momentum, "saddle"),
    "nn.demos.saturation": call(nn.demos.saturation),
    "nn.datasets.xor": call(nn.datasets.xor),
    "nn.datasets.moons": call(nn.datasets.moons, 10, 0.1, 0),
    "nn.datasets.circles": call(nn.datasets.circles, 10, 0.1, 0.5, 0),
    "nn.datasets.blobs": call(nn.datasets.blobs, 10, 3, 1.0, 0),
    "nn.datasets.gauss": call(nn.datasets.gauss, 10, 1.0, 0),
    "nn.datasets.spirals": call(nn.datasets.spirals, 10, 0.05, 2, 0.875, 0),
    "nn.datasets.checkerboard": call(nn.datasets.checkerboard, 10, 2, 0.1, 0),
    "nn.datasets.plane": call(nn.datasets.plane, 10, 0.1, 0),
    "nn.datasets.bumps": call(nn.datasets.bumps, 10, 0.1, 0),
    "nn.datasets.curve": call(nn.datasets.curve, "sin", 10, 0.1, low=-1.0, high=1.0, rng=0),
    "nn.datasets.digits": call(nn.datasets.digits),
    "nn.datasets.iris": call(nn.datasets.iris, True),
    "nn.datasets.wine": call(nn.datasets.wine, True),
    "nn.datasets.breast_cancer": call(nn.datasets.breast_cancer, True),
    "nn.datasets.diabetes": call(nn.datasets.diabetes),
    "nn.datasets.mnist1d": call(nn.datasets.mnist1d, 20, 0),
    "nn.datasets.cifar10": call(nn.datasets.cifar10, "FOLDER", (1,)),
    "nn.export.load_torch": call(nn.export.load_torch, Made(net), Made(lambda: nn.export.to_torch(net()))),
    "nn.export.to_torch": call(nn.export.to_torch, Made(net)),
    "nn.export.to_javascript": call(nn.export.to_javascript, Made(net), "predict", (2,)),
    "nn.export.to_onnx": call(nn.export.to_onnx, Made(net), None, (2,), "float32"),
    "nn.export.to_python": call(nn.export.to_python, Made(net), "predict", (2,)),
    "nn.init.constant": call(nn.init.constant, 0.5),
    "nn.init.weights": call(nn.init.weights, "zeros", 2, 3, 0, (2, 3)),
    "nn.inspect.compose": call(nn.inspect.compose, Made(chain), Made(chain)),
    "nn.inspect.joints": call(nn.inspect.joints, Made(chain), -1.0, 1.0),
    "nn.inspect.merged": call(nn.inspect.merged, Made(chain)),
    "nn.inspect.regions": call(nn.inspect.regions, Made(chain), -1.0, 1.0),
    "nn.inspect.signals": call(nn.inspect.signals, Made(net), X),
    "nn.inspect.zaslavsky": call(nn.inspect.zaslavsky, 2, 3),
    "nn.losses.loss_of": call(nn.losses.loss_of, "mse"),
    "nn.metrics.accuracy": call(nn.metrics.accuracy, Y, Y),
    "nn.metrics.confusion_matrix": call(nn.metrics.confusion_matrix, Y, Y, [0, 1]),
    "nn.metrics.mae": call(nn.metrics.mae, X, X),
    "nn.metrics.mse": call(nn.metrics.mse, X, X),
    "nn.metrics.r2": call(nn.metrics.r2, X, X),
    "nn.plots.activation": call(nn.plots.activation, "relu", -4.0, 4.0),
    "nn.plots.decision_boundary": call(nn.plots.decision_boundary, Made(net), X, Y, level=0.0, resolution=5),
    "nn.plots.hidden_units": call(nn.plots.hidden_units, Made(net), X, Y, 1, resolution=5, most=2),
    "nn.plots.histograms": call(nn.plots.histograms, Made(net), "data", 5),
    "nn.plots.learning_curve": call(nn.plots.learning_curve, {"loss": [1.0, 0.5]}),
    "nn.plots.learning_curves": call(nn.plots.learning_curves, {"a": {"loss": [1.0, 0.5]}}, "loss"),
    "nn.plots.linear_regions": call(nn.plots.linear_regions, Made(net), -1.0, 1.0),
    "nn.plots.loss_surface": call(nn.plots.loss_surface, Made(net), X, Y, "bce_with_logits", path=(), reach=1.0,
                                  resolution=3),
    "nn.plots.shallow": call(nn.plots.shallow, Made(chain), -1.0, 1.0),
    "nn.schedules.MultiStep": call(lambda step, *args: nn.schedules.MultiStep(*args)(step), 3, 0.1, [2, 5], 0.5),
    "nn.schedules.Polynomial": call(lambda step, *args: nn.schedules.Polynomial(*args)(step), 3, 0.1, 10, 2.0),
    "nn.schedules.CosineRestarts": call(lambda step, *args: nn.schedules.CosineRestarts(*args)(step), 3, 0.1, 4, 2),
    "nn.schedules.Cosine": call(lambda step, *args: nn.schedules.Cosine(*args)(step), 3, 0.1, 10, 0.01),
    "nn.schedules.ExponentialDecay": call(lambda step, *args: nn.schedules.ExponentialDecay(*args)(step), 3, 0.1, 0.9),
    "nn.schedules.OnPlateau": call(nn.schedules.OnPlateau, 0.1, 0.5, 2, 1e-4, "min", 0.0),
    "nn.schedules.OnPlateau.observe": call(lambda x: nn.schedules.OnPlateau(0.1).observe(x), 0.5),
    "nn.schedules.OneCycle": call(lambda step, *args: nn.schedules.OneCycle(*args)(step), 3, 0.1, 10, 0.3, 25.0, 1e4),
    "nn.schedules.StepDecay": call(lambda step, *args: nn.schedules.StepDecay(*args)(step), 3, 0.1, 10, 0.1),
    "nn.schedules.WarmUp": call(lambda step, *args: nn.schedules.WarmUp(*args)(step), 3, 0.1, 10, 0.1),
}
CALLS |= {f"nn.init.{name}": call(law, 2, 2, 0, (2, 2)) for name, law in nn.init.INITIALIZERS.items()}
CALLS |= {f"nn.losses.{name}": call(getattr(nn.losses, name), x, y, reduction="mean", sample_weight=EACH) for name, x, y in (  # noqa: E501
    ("poisson_nll", EACH, [0, 1]),
    ("mse", EACH, EACH), ("mae", EACH, EACH), ("rss", EACH, EACH), ("huber", EACH, EACH), ("gaussian_nll", EACH, EACH),
    ("bce", EACH, [0, 1]), ("bce_with_logits", EACH, [0, 1]), ("hinge", EACH, [-1, 1]), ("squared_hinge", EACH, [-1, 1]),  # noqa: E501
    ("nll", ROWS, [0, 1]), ("cross_entropy", ROWS, [0, 1]), ("kl_divergence", ROWS, np.exp(ROWS)),
    ("multiclass_hinge", ROWS, [0, 1]), ("squared_multiclass_hinge", ROWS, [0, 1]))}  # fmt: skip
CALLS |= {
    "nn.losses.huber (delta)": call(nn.losses.huber, EACH, EACH, delta=1.0),
    "nn.losses.bce_with_logits (pos_weight)": call(nn.losses.bce_with_logits, EACH, [0, 1], pos_weight=2.0),
    "nn.losses.gaussian_nll (variance)": call(nn.losses.gaussian_nll, EACH, EACH, variance=1.0, full=True),
    "nn.losses.cross_entropy (weights)": call(nn.losses.cross_entropy, ROWS, [0, 1], class_weight=EACH,
                                              label_smoothing=0.1, ignore_index=2),
    "nn.losses.bce (weights)": call(nn.losses.bce, EACH, [0, 1], class_weight=EACH, label_smoothing=0.1),
    "nn.losses.multiclass_hinge (margin)": call(nn.losses.multiclass_hinge, ROWS, [0, 1], squared=True, margin=2.0),
}  # fmt: skip
CALLS |= {
    "autograd.trace_table": call(lambda root: str(ag.trace_table(root)), Made(lambda: Value(2.0) * 3)),
    "nn.Features": call(lambda *names: nn.Features(*names)(X), "x0", "x0*x1"),
    "autograd.num_threads": call(lambda n: ag.num_threads(n).__enter__(), 1),
    "autograd.set_num_threads": call(ag.set_num_threads, 1),
    "nn.TableEncoder": call(lambda ignore: nn.TableEncoder(ignore).fit({"a": [1.0, 2.0], "b": ["u", "v"]}), ("a",)),
    "nn.TableEncoder of X": call(lambda X: nn.TableEncoder().fit(X), X),
    "nn.Features of x": call(lambda x: nn.Features("x0", "sin(x1)")(x), X),
    "chalkgrad.exercises.check_function": call(exercises.check_function, two, two, [(1.0, 2.0)], rel=1e-6, rng=0),
    "chalkgrad.exercises.check_law": call(exercises.check_law, cube, bool),
    "chalkgrad.exercises.check_value": call(exercises.check_value, 12.0, 12.0, rel=1e-6),
    "nn.inspect.hessian": call(nn.inspect.hessian, Made(net), X, Y, "bce_with_logits"),
    "nn.inspect.hessian_product": call(
        nn.inspect.hessian_product, Made(net), X, Y, Made(lambda: np.ones(net().num_parameters())), "bce_with_logits"),
    "nn.inspect.through": call(nn.inspect.through, [-1.0, 0.0, 1.0], [0.0, 2.0, 1.0]),
    "nn.plots.contour": call(nn.plots.contour, cube, {"descent": X}, x=(-1.0, 1.0), y=(-1.0, 1.0), resolution=5),
    "nn.plots.folding": call(nn.plots.folding, Made(chain), Made(chain), -1.0, 1.0),
    "nn.plots.functions": call(nn.plots.functions, {"square": twice}, -4.0, 4.0, variable="x"),
    "nn.plots.images": call(nn.plots.images, MATRIX, (1, 3), ("a", "b"), most=2),
    "nn.plots.layer_outputs": call(nn.plots.layer_outputs, Made(chain), X[:, :1], 5),
    "nn.plots.regression": call(nn.plots.regression, Made(lambda: {"a": chain()}), X[:, :1], X[:, 1]),
    "nn.plots.search": call(nn.plots.search, FOUND, "a", "b"),
    "nn.plots.signal_sizes": call(nn.plots.signal_sizes, {"he": SIGNALS}),
    "nn.plots.snapshots": call(
        nn.plots.snapshots, Made(net), Made(lambda: {"start": net().state_dict()}), X, Y, level=0.0, resolution=5),
}
# fmt: on

NOT_CALLED = {  # what `__all__` lists and takes nothing, or is made by us alone
    "autograd.Node", "autograd.Network", "autograd.detect_anomaly", "autograd.no_grad", "autograd.without_collector",
    "autograd.get_num_threads",
    "nn.inspect.Region", "nn.inspect.Signal", "nn.losses.Criterion", "nn.losses.Loss", "nn.init.Initializer",
    "nn.schedules.Schedule", "nn.History", "nn.EagerFallback",
}
if not find_spec("torch"):
    for name in [name for name in CALLS if name.endswith("_torch")]:
        NOT_CALLED.add(name)
        del CALLS[name]


def generator() -> Iterator[float]:
    yield from (1.0, 2.0)


HOSTILE: dict[str, Callable[[], Any]] = {
    "None": lambda: None,
    "text": lambda: "text",
    "empty text": lambda: "",
    "bytes": lambda: b"bytes",
    "True": lambda: True,
    "complex": lambda: 1j,
    "nan": lambda: float("nan"),
    "inf": lambda: float("inf"),
    "-inf": lambda: float("-inf"),
    "-1": lambda: -1,
    "0": lambda: 0,
    "1.5": lambda: 1.5,
    "-0.5": lambda: -0.5,
    "10**15": lambda: 10**15,
    "10**400": lambda: 10**400,
    "-2**63": lambda: -(2**63),
    "object": object,
    "type": lambda: int,
    "function": lambda: lambda *args, **kwargs: None,
    "function that fails": lambda: two,
    "dict": lambda: {"a": 1},
    "empty dict": dict,
    "set": lambda: {1, 2},
    "generator": generator,
    "empty list": list,
    "empty tuple": tuple,
    "ragged list": lambda: [[1.0, 2.0], [3.0]],
    "list of texts": lambda: ["a", "b"],
    "list of None": lambda: [None, None],
    "nested lists": lambda: [[[[[[1.0]]]]]],
    "0-d array": lambda: np.array(2.0),
    "empty array": lambda: np.zeros(0),
    "empty rows": lambda: np.zeros((0, 3)),
    "empty columns": lambda: np.zeros((3, 0)),
    "array of nan": lambda: np.full((2, 2), np.nan),
    "array of inf": lambda: np.full(2, -np.inf),
    "array of texts": lambda: np.array(["a", "b"]),
    "array of objects": lambda: np.array([None, 1.0, "a"], dtype=object),
    "complex array": lambda: np.ones((2, 2)) * 1j,
    "array of bools": lambda: np.array([True, False]),
    "small integers": lambda: np.array([200, 3], dtype=np.uint8),
    "half floats": lambda: np.ones((2, 3), dtype=np.float16),
    "long floats": lambda: np.ones((2, 3), dtype=np.longdouble),
    "dates": lambda: np.array(["2020-01-01"], dtype="M8[D]"),
    "structured": lambda: np.zeros(2, dtype=[("a", "f8")]),
    "masked": lambda: np.ma.masked_array([1.0, 2.0], mask=[True, False]),
    "odd shape": lambda: np.ones((5, 7, 3)),
    "Value": lambda: Value(0.5),
    "Tensor": lambda: Tensor(np.ones((2, 2))),
    "empty Tensor": lambda: Tensor(np.zeros((0, 2))),
    "Module": lambda: nn.Linear(5, 5, rng=0),
    "module": lambda: np,
    "NotImplemented": lambda: NotImplemented,
    "slice": lambda: slice(None, None, 0),
}


class NoEnd(BaseException):
    """A call did not come back in time."""


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    def stop(number: int, frame: Any) -> None:
        raise NoEnd

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def picture(x: Any) -> Any:
    """Give what can be compared of an argument, to see whether it has changed."""
    if isinstance(x, np.ndarray) and x.dtype != object:
        return x.shape, x.dtype, x.tobytes()
    if isinstance(x, (Value, Tensor)):
        return pickle.dumps((x.data, x.grad, x.label))
    if isinstance(x, nn.Module):
        return pickle.dumps([(name, x.training) for name, x in x.named_modules()] + [x.state_dict()])
    if isinstance(x, nn.Optimizer):
        return pickle.dumps(x.state_dict() if x.parameters else x.steps)
    try:
        return pickle.dumps(x)
    except Exception:
        return id(x)


CALLED = ("type", "function", "function that fails", "Module")


def ours(error: BaseException) -> bool:
    """Say whether an error was raised by a `raise` of ours, or by Python about the signature of a call of the test."""
    frames = traceback.extract_tb(error.__traceback__)
    last = frames[-1]
    if last.filename == __file__:
        return isinstance(error, TypeError)  # Python's own words about the arguments of the call
    return last.filename.startswith(PACKAGES) and (last.line or "").startswith("raise ")


def fault(name: str, place: int | str, hostile: str, folder: Path) -> str:
    """Make a call with one hostile argument; give what is wrong with what comes of it, or nothing."""
    f, args, kwargs = CALLS[name]
    given: dict[int | str, Any] = {**dict(enumerate(args)), **kwargs}
    if place in given:
        given[place] = Made(HOSTILE[hostile])
    files = {"FILE": folder / "model.npz", "OTHER": folder / "other.npz", "LOG": folder / "log.csv", "FOLDER": folder}
    for key, x in given.items():
        given[key] = x.make() if isinstance(x, Made) else files[x] if isinstance(x, str) and x in files else x
    before = {key: picture(x) for key, x in given.items()}
    try:
        with warnings.catch_warnings(), limited(SECONDS), redirect_stdout(io.StringIO()):
            warnings.simplefilter("error")
            f(*[given[i] for i in range(len(args))], **{key: x for key, x in given.items() if isinstance(key, str)})
        return ""
    except MemoryError:  # it is what NumPy says of 10**15 numbers
        return "" if hostile == "10**15" else "MemoryError"
    except NoEnd:
        return f"no end after {SECONDS} s"
    except (TypeError, ValueError, FloatingPointError, OSError, ImportError, RuntimeError, IndexError) as error:
        if hostile in CALLED or "positional argument" in str(error) or "not supported between" in str(error):
            return ""  # what a function that was handed over says for itself, in the middle of the work
        changed = [key for key, x in given.items() if picture(x) != before[key]]
        if changed:
            return f"changed {changed}, and then {error!r:.90}"
        if isinstance(error, RecursionError):
            return f"{error!r:.90}"
        if isinstance(error, IndexError) and "index" in str(error) and "`" in str(error):
            return ""  # as of any sequence
        if ours(error):
            return "" if "`" in str(error) or "'" in str(error) else f"names nothing: {error!r:.90}"
        return f"from below: {error!r:.90}" + where(error)
    except Exception as error:
        return "" if hostile in CALLED else f"{error!r:.90}" + where(error)


def where(error: BaseException) -> str:
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(PACKAGES)]
    return f" in {Path(own[-1].filename).name}:{own[-1].lineno}" if own else ""


ENDLESS = {
    ("nn.fit", "epochs"), ("nn.fit (steps)", "steps"), ("nn.datasets.mnist1d", 0), ("nn.descend", 3), ("nn.newton", 2)
}  # fmt: skip
"""Where 10**15 is a number like any other, and its work takes as long as it says."""


METHODS = ("Value", "Tensor", "Node", "Module.")  # their first argument is the object itself


def cases() -> list[tuple[str, int | str, str]]:
    return [
        (name, place, hostile)
        for name, (_, args, kwargs) in CALLS.items()
        for place in [*range(len(args)), *kwargs]
        for hostile in HOSTILE
        if not (hostile == "10**15" and (name, place) in ENDLESS)
        and not (place == 0 and name.startswith(METHODS))
    ]


def test_every_public_function_is_called() -> None:
    listed = {f"autograd.{name}" for name in PUBLIC if callable(getattr(ag, name))}
    for name in nn.__all__:
        thing = getattr(nn, name)
        if isinstance(thing, types.ModuleType):
            listed |= {f"nn.{name}.{each}" for each in thing.__all__ if callable(getattr(thing, each))}
        else:
            listed.add(f"nn.{name}")
    called = {name.split(" ")[0] for name in CALLS} | NOT_CALLED
    short = {f"nn.{name.rpartition('.')[2]}" for name in listed}
    missing = {name for name in listed if name not in called and f"nn.{name.rpartition('.')[2]}" not in called & short}
    assert not missing


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("hostile")
    nn.save(net(), made / "model.npz")
    return made


@pytest.mark.parametrize("name", CALLS)
def test_the_calls_work(name: str, folder: Path) -> None:
    if name == "nn.datasets.cifar10":
        pytest.skip("the data are not here")
    assert not faults([(name, "nothing", "None")], folder)


def faults(chosen: list[tuple[str, int | str, str]], folder: Path) -> list[str]:
    from matplotlib import pyplot

    found = []
    for name, place, hostile in chosen:
        if wrong := fault(name, place, hostile, folder):
            found.append(f"{name}, argument {place!r}, given {hostile}: {wrong}")
        pyplot.close("all")
    return found


def test_hostile_arguments(folder: Path, promise: Callable[[str], None]) -> None:
    every = cases()
    chosen = [every[i] for i in np.random.default_rng(0).choice(len(every), 1000, replace=False)]
    assert not (found := faults(chosen, folder)), "\n".join(found)
    promise(f"hostile arguments: {len(chosen)} of {len(every)} wrong calls of {len(CALLS)}: a result or words")


if __name__ == "__main__":  # all of them, or those of a function: python tests/test_hostile_arguments.py nn.fit
    import sys
    import tempfile

    with tempfile.TemporaryDirectory() as place:
        nn.save(net(), Path(place) / "model.npz")
        every = [case for case in cases() if case[0].startswith(sys.argv[1] if len(sys.argv) > 1 else "")]
        print("\n".join(found := faults(every, Path(place))))
        print(f"{len(every)} calls, {len(found)} faults")
