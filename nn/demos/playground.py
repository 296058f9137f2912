"""The playground and the linear classifier: what a call from Python hands to their pages."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..arguments import as_array, count, flag, items, one_of, within
from ..data.arrays import plain_array
from ..export.tracing import on_tensors
from ..layers.activations import Activation, function_of, named
from ..layers.features import FEATURES, Features
from ..layers.layers import Linear, Sequential
from ..module import Module, brief
from .formulas import ACTIVATIONS, OPTIMIZERS, OUTPUT_LOSSES, SCORE_LOSSES
from .page import Page

CLASSES = ("circles", "checkerboard", "gauss", "spirals")
NUMBERS = ("plane", "bumps")


def playground(
    X: Any = None,
    y: Any = None,
    *,
    data: str = "circles",
    features: Sequence[str] = ("x0", "x1"),
    hidden: Sequence[int] = (4, 2),
    activation: str = "tanh",
    loss: str | None = None,
    optimizer: str = "sgd",
    lr: float = 0.03,
    penalty: str = "none",
    alpha: float = 0.001,
    batch_size: int = 10,
    noise: float = 0.0,
    test_size: float = 0.5,
    discretize: bool = False,
    seed: int = 1,
    model: Module | None = None,
) -> Page:
    """Return a page on which a net is built, trained and looked into, after the TensorFlow Playground.

    In a notebook it is shown; `.save("playground.html")` makes one file. Everything can be changed on the page.

    Args:
        X, y: data of yours, shapes `(n, 2)` and `(n,)`; two values of `y` are classes, more are numbers.
        data: else one of "circles", "checkerboard", "gauss", "spirals" (classes), "plane", "bumps" (numbers).
        features: what the net is shown, as for `nn.Features`.
        hidden: the widths of up to six hidden layers of up to eight units; `[]` is a linear model.
        activation: of the hidden layers.
        loss: "bce_with_logits", "mse", "hinge", "squared_hinge", "mae" or "huber"; as the data ask if left out.
        optimizer: "sgd", "momentum", "nesterov", "adam", "adamw", "rmsprop" or "adagrad".
        lr: the learning rate.
        penalty: "none", "L1" or "L2".
        alpha: the rate of the penalty.
        batch_size: the number of rows in a step.
        noise: from 0 to 0.5.
        test_size: the share of the data that is held out, from 0.1 to 0.9.
        discretize: whether the output is shown as the class only.
        seed: of data, weights and the order of the rows.
        model: a net to begin with, its weights included, in place of `features`, `hidden` and `activation`. It is made
            of Linear layers with one activation between them, behind `Features` if there are any.

    Raises:
        ValueError, TypeError: a setting is none of these, or the page has no place for `model`.

    Source: TensorFlow Playground (Smilkov et al., 2017).

    >>> playground(hidden=[])
    Page('Playground')
    >>> playground(data="spirals", hidden=[8, 8]).save("playground.html")  # doctest: +SKIP
    """
    settings: dict[str, Any] = {"data": one_of(data, (*CLASSES, *NUMBERS), "data")}
    problem = "classes" if data in CLASSES else "numbers"
    if X is not None or y is not None:
        settings |= _own(X, y)
        problem = settings["own"]["problem"]
    start: dict[str, Any] = {} if model is None else _start(model, seed)
    features, hidden = start.get("features", features), start.get("hidden", hidden)
    widths = [count(n, "hidden") for n in items(hidden, "hidden")]
    if len(widths) > 6 or max(widths, default=0) > 8:
        raise ValueError(f"`hidden` is up to six widths of up to eight units, not {widths}")
    names = [one_of(name, FEATURES, "features") for name in items(features, "features")]
    if not names or len(set(names)) < len(names):
        raise ValueError(f"`features` are one or more, each once, not {names}")
    losses = OUTPUT_LOSSES if problem == "classes" else ("mse", "mae", "huber")
    settings |= {
        "problem": problem,
        "features": names,
        "hidden": widths,
        "activation": one_of(activation, ACTIVATIONS, "activation"),
        "loss": one_of(losses[0] if loss is None else loss, losses, "loss"),
        "optimizer": one_of(optimizer, OPTIMIZERS, "optimizer"),
        "lr": within(lr, "lr"),
        "penalty": one_of(penalty, ("none", "L1", "L2"), "penalty"),
        "alpha": within(alpha, "alpha"),
        "batch": count(batch_size, "batch_size"),
        "noise": within(noise, "noise", 0.0, 0.5, closed=True),
        "test": within(test_size, "test_size", 0.1, 0.9, closed=True),
        "discretize": flag(discretize, "discretize"),
        "seed": count(seed, "seed", 0),
    }
    return Page("playground", "Playground", settings | start, 900)


def _start(model: Any, seed: int) -> dict[str, Any]:
    """Return the features, the hidden layers, the activation and the weights of a net."""
    model = on_tensors(model)
    parts: list[Any] = list(model) if isinstance(model, Sequential) else [model]
    features = parts.pop(0).names if parts and isinstance(parts[0], Features) else ["x0", "x1"]
    linear, between = parts[::2], parts[1::2]
    names = {named(function_of(x)) if isinstance(x, Activation) else None for x in between} or {"tanh"}
    fits = len(parts) % 2 == len(names) == 1 and names <= {*ACTIVATIONS}
    fits = fits and all(isinstance(x, Linear) and x.bias is not None and x.mask is None for x in linear)
    if not fits or linear[0].fan_in != len(features) or linear[-1].fan_out != 1:
        raise ValueError(
            f"`model` {brief(model)} has no place on the page: that takes Linear layers with one activation between "
            f"them, of {', '.join(ACTIVATIONS)}, from two inputs or `Features` to one output"
        )
    weights = [np.append(x.weight.data.T, x.bias.data) for x in linear]
    sizes = [len(features), *(x.fan_out for x in linear)]
    start = {"sizes": sizes, "seed": seed, "numbers": np.concatenate(weights).tolist()}
    return {"features": features, "hidden": sizes[1:-1], "activation": names.pop(), "start": start}


def _own(X: Any, y: Any) -> dict[str, Any]:
    if X is None or y is None:
        raise ValueError(f"`{'X' if X is None else 'y'}` is missing: data of yours are points `X` and targets `y`")
    points = plain_array(X, "X").astype(np.float64)
    targets = as_array(y, "y")
    if points.ndim != 2 or points.shape[1] != 2 or targets.shape not in ((len(points),), (len(points), 1)):
        raise ValueError(
            f"`X` and `y` have shapes {points.shape} and {targets.shape}; the page takes points of a plane, shape "
            "(n, 2), and a number or class for each, shape (n,)"
        )
    targets = targets.ravel()
    labels = np.unique(targets)
    classes = len(labels) == 2
    if len(points) < 4:
        raise ValueError(f"`X` holds {len(points)} points; the page takes four or more")
    if not classes and (targets.dtype.kind not in "iuf" or not np.isfinite(targets.astype(np.float64)).all()):
        raise ValueError(f"`y` holds {len(labels)} classes; the page takes two classes, or numbers")
    numbers = targets == labels[1] if classes else targets
    rows = np.column_stack([points, numbers.astype(np.float64)]).tolist()
    return {"data": "own", "own": {"problem": "classes" if classes else "numbers", "rows": rows}}


def linear_classifier_demo(*, loss: str = "weston_watkins", alpha: float = 0.1, lr: float = 0.1, seed: int = 1) -> Page:
    r"""Return a page with a linear classifier of three classes: points to drag, all numbers of $Wx + b$ beside them.

    Args:
        loss: "weston_watkins", "one_vs_all", "structured" (hinge losses) or "softmax".
        alpha: the rate of the L2 penalty on W.
        lr: the step size.
        seed: of the first W and of those that "randomize" draws.

    Raises:
        ValueError, TypeError: a setting is none of these.

    Source: the linear-classify demo of CS231n (Karpathy, 2015).

    >>> linear_classifier_demo(loss="softmax")
    Page('Linear classifier')
    """
    settings = {
        "loss": one_of(loss, SCORE_LOSSES, "loss"),
        "alpha": within(alpha, "alpha", 0.0, math.inf),
        "lr": within(lr, "lr"),
        "seed": count(seed, "seed", 0),
    }
    return Page("classifier", "Linear classifier", settings, 760)
