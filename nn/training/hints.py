"""Hints: what `fit` warns of before it trains, each with the remedy."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd as ag
from autograd import Node

from ..losses.formulas import LOSSES, Loss
from ..losses.output_decoder import OutputDecoder
from ..module import Module, is_ours


def hints(model: Module, loss: Loss, X: np.ndarray) -> list[str]:
    """Return what is probably wrong with a model, a loss and inputs."""
    return [*filter(None, (_twice_activated(model, loss, X), _unscaled(model, X)))]


def _twice_activated(model: Module, loss: Loss, X: np.ndarray) -> str:
    """Return a hint where a net ends with a sigmoid or softmax, and the loss takes what comes before one."""
    activation = getattr(loss, "output_activation", None)
    name = {id(ag.sigmoid): "sigmoid", id(ag.softmax): "softmax", id(ag.exp): "exp"}.get(id(activation))
    if name is None:
        return ""
    with model.untouched(), model.mode(False):
        last = model.forward_rows(X[:1].copy())
    while isinstance(last, Node) and last.op is not None and last.op.name in _MOVES:
        last = last.inputs[0]
    found = last.op.name if isinstance(last, Node) and last.op is not None else ""
    if found == "div" and [x.op and x.op.name for x in last.inputs] == ["exp", "sum"]:
        found = "softmax"
    if found != name and not (found in ("sigmoid", "softmax") and not OutputDecoder(loss).of_values):
        return ""
    takes = "takes log-probabilities" if name == "exp" else f"applies {name} to the outputs itself"
    remedy = "end it with LogSoftmax instead" if name == "exp" else f"leave the last {found} out"
    return (
        f"`model` ends with {found}, and the loss {getattr(loss, '__name__', loss)!r} {takes}: {remedy}; "
        "`predict_proba` gives probabilities all the same"
    )


_MOVES = ("array_of", "reshape", "transpose", "getitem", "stack", "concatenate", "astype", "swapaxes")


def _unscaled(model: Module, X: np.ndarray) -> str:
    """Return a hint where the columns of inputs differ much in scale, and the first layer takes them as they are."""
    leaves = (x for _, x in model.named_modules() if not any(isinstance(part, Module) for _, part in x._attributes()))
    first = next(leaves)
    ours = is_ours(type(model)) and is_ours(type(first))  # another one may bring them to one scale
    if X.ndim != 2 or X.shape[1] < 2 or not ours or not first.parameters():
        return ""
    with np.errstate(all="ignore"):
        sizes = np.array([np.median(np.abs(x[x != 0])) for x in X.T if np.ptp(x)])  # not misled by rare entries
    if len(sizes) < 2 or sizes.max() < 100.0 or sizes.max() < 300.0 * sizes.min():
        return ""
    return (
        f"the columns of `X` differ in scale, from about {sizes.min():.2g} to {sizes.max():.2g}, by which training "
        "crawls: bring them to one scale first, `scaler = nn.StandardScaler().fit(X)`, `X = scaler.transform(X)`"
    )


def remedy(loss: Any) -> str:
    """Return what else to do where a loss of probabilities has become infinite."""
    base = getattr(loss, "base", None) or loss
    if base not in (LOSSES["bce"], LOSSES["nll"]):
        return ""
    better = "bce_with_logits" if base is LOSSES["bce"] else "cross_entropy"
    return (
        f"{base!r} is infinite where a probability is 0 and wrong; leave the last activation of the model "
        f"out and train with {better!r}; or "
    )
