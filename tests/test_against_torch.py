"""PyTorch's gradients on the same random expressions and nets, to a relative difference of 1e-12."""

import random
from typing import Any

import numpy as np
import pytest

import autograd as ag
import nn
from autograd import Tensor, Value

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.slow
torch.set_num_threads(1)

UNARY = {
    "sin": (ag.sin, torch.sin),
    "cos": (ag.cos, torch.cos),
    "tanh": (ag.tanh, torch.tanh),
    "sigmoid": (ag.sigmoid, torch.sigmoid),
    "exp of a tenth": (lambda x: ag.exp(0.1 * x), lambda x: torch.exp(0.1 * x)),
    "log1p of the square": (lambda x: ag.log1p(x * x), lambda x: torch.log1p(x * x)),
    "root": (lambda x: ag.sqrt(1 + x * x), lambda x: torch.sqrt(1 + x * x)),
    "softplus": (ag.softplus, lambda x: torch.nn.functional.softplus(x, threshold=1e9)),
    "relu": (ag.relu, torch.relu),
    "abs": (ag.abs, torch.abs),
    "atan": (ag.atan, torch.atan),
    "erf": (ag.erf, torch.erf),
    "silu": (ag.silu, torch.nn.functional.silu),
    "cube": (lambda x: x**3, lambda x: x**3),
    "minus": (lambda x: -x, lambda x: -x),
    "clip": (lambda x: ag.clip(x, -1.5, 1.5), lambda x: torch.clamp(x, -1.5, 1.5)),
}
BINARY = {
    "+": (lambda x, y: x + y, lambda x, y: x + y),
    "-": (lambda x, y: x - y, lambda x, y: x - y),
    "*": (lambda x, y: x * y, lambda x, y: x * y),
    "/": (lambda x, y: x / (2 + y * y), lambda x, y: x / (2 + y * y)),
    "max": (ag.maximum, torch.maximum),
    "min": (ag.minimum, torch.minimum),
    "hypot": (lambda x, y: ag.hypot(x, 1 + y * y), lambda x, y: torch.hypot(x, 1 + y * y)),
    "atan2": (lambda x, y: ag.atan2(x, 1 + y * y), lambda x, y: torch.atan2(x, 1 + y * y)),
    "logaddexp": (ag.logaddexp, torch.logaddexp),
}


def expression(seed: int, ours: list[Any], theirs: list[Any], size: int = 40) -> tuple[Any, Any]:
    """Grow one random expression on both sides; every node is bounded, so that no rounding is blown up."""
    choose = random.Random(seed)
    ours, theirs = list(ours), list(theirs)
    for _ in range(size):
        if choose.random() < 0.5:
            f, g = UNARY[choose.choice(list(UNARY))]
            i = choose.randrange(len(ours))
            a, b = f(ours[i]), g(theirs[i])
        else:
            f, g = BINARY[choose.choice(list(BINARY))]
            i, j = choose.randrange(len(ours)), choose.randrange(len(ours))
            a, b = f(ours[i], ours[j]), g(theirs[i], theirs[j])
        ours.append(ag.tanh(a))
        theirs.append(torch.tanh(b))
    a, b = ours[-1], theirs[-1]
    for x, y in zip(ours[-8:-1], theirs[-8:-1], strict=True):
        a, b = a + x, b + y
    return a, b


def agree(have: Any, want: Any) -> None:
    have, want = np.asarray(have), np.asarray(want)
    scale = max(float(np.max(np.abs(want), initial=0.0)), 1e-3)
    assert np.max(np.abs(have - want), initial=0.0) <= 1e-12 * scale


@pytest.mark.parametrize("seed", range(40))
def test_random_expressions_of_values(seed: int) -> None:
    start = np.random.default_rng(seed).normal(size=4)
    ours = [Value(x) for x in start]
    theirs = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in start]
    a, b = expression(seed, ours, theirs)
    agree(a.data, b.item())
    a.backward()
    b.backward()
    agree([x.grad or 0.0 for x in ours], [0.0 if x.grad is None else x.grad.item() for x in theirs])


@pytest.mark.parametrize("seed", range(40))
def test_random_expressions_of_tensors_that_broadcast(seed: int) -> None:
    rng = np.random.default_rng(seed)
    start = [rng.normal(size=shape) for shape in ((3, 4), (4,), (3, 1), ())]
    ours = [Tensor(x) for x in start]
    theirs = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in start]
    a, b = expression(seed, ours, theirs, size=25)
    a.sum().backward()
    b.sum().backward()
    for x, y in zip(ours, theirs, strict=True):
        want = np.zeros(x.shape) if y.grad is None else y.grad.numpy()
        agree(np.zeros(x.shape) if x.grad is None else x.grad, want)


@pytest.mark.parametrize("seed", range(10))
def test_second_derivatives_of_random_expressions(seed: int) -> None:
    start = np.random.default_rng(seed).normal(size=3)
    ours = [Value(x) for x in start]
    theirs = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in start]
    a, b = expression(seed, ours, theirs, size=15)
    a.backward(create_graph=True)
    slopes = torch.autograd.grad(b, theirs, create_graph=True, allow_unused=True)
    for x, s in zip(ours, slopes, strict=True):
        agree(0.0 if x.grad is None else x.grad.item(), 0.0 if s is None else s.item())
    ours_sum = sum(x.grad for x in ours if x.grad is not None)
    theirs_sum = sum(s for s in slopes if s is not None)
    for x in ours:
        x.grad = None
    ours_sum.backward()
    curved = torch.autograd.grad(theirs_sum, theirs, allow_unused=True)
    for x, s in zip(ours, curved, strict=True):
        agree(x.grad or 0.0, 0.0 if s is None else s.item())


@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid", "softplus", "silu"])
def test_a_net_with_cross_entropy(activation: str) -> None:
    rng = np.random.default_rng(1)
    x, labels = rng.normal(size=(20, 5)), rng.integers(0, 3, size=20)
    start = [rng.normal(size=s) * 0.5 for s in ((5, 8), (8,), (8, 8), (8,), (8, 3), (3,))]
    ours = [Tensor(w) for w in start]
    theirs = [torch.tensor(w, requires_grad=True) for w in start]
    f, g = UNARY[activation]

    h, k = x, torch.tensor(x)
    for i in range(0, 6, 2):
        h, k = h @ ours[i] + ours[i + 1], k @ theirs[i] + theirs[i + 1]
        if i < 4:
            h, k = f(h), g(k)
    loss = -ag.log_softmax(h)[np.arange(20), labels].mean()
    other = torch.nn.functional.cross_entropy(k, torch.tensor(labels))
    agree(loss.item(), other.item())
    loss.backward()
    other.backward()
    for w, v in zip(ours, theirs, strict=True):
        agree(w.grad, v.grad.numpy())


def test_reductions_and_shapes() -> None:
    start = np.random.default_rng(4).normal(size=(2, 3, 4))
    x, t = Tensor(start), torch.tensor(start, requires_grad=True)
    a = x.prod(axis=1).sum() + x.var(axis=(0, 2), ddof=1).sum() + ag.norm(x, axis=-1).max() + x.cumsum(axis=1)[0, 2, 1]
    b = t.prod(dim=1).sum() + t.var(dim=(0, 2), correction=1).sum() + t.norm(dim=-1).max() + t.cumsum(dim=1)[0, 2, 1]
    a = a + (x @ x.transpose(0, 2, 1)).std() + ag.logsumexp(x, axis=(0, 1)).min() + ag.softmax(x, axis=1)[1, 1].sum()
    b = b + (t @ t.transpose(1, 2)).std(correction=0) + t.logsumexp(dim=(0, 1)).min() + t.softmax(dim=1)[1, 1].sum()
    agree(a.item(), b.item())
    a.backward()
    b.backward()
    agree(x.grad, t.grad.numpy())


LAYERS = {
    "Identity": torch.nn.Identity(),
    "Step": lambda x: (x > 0).double() + 0 * x,
    "Sign": torch.sign,
    "Abs": torch.abs,
    "ReLU": torch.nn.ReLU(),
    "LeakyReLU": torch.nn.LeakyReLU(),
    "ELU": torch.nn.ELU(),
    "GELU": torch.nn.GELU(),
    "SiLU": torch.nn.SiLU(),
    "Softplus": torch.nn.Softplus(threshold=1e9),
    "Sigmoid": torch.nn.Sigmoid(),
    "Tanh": torch.nn.Tanh(),
    "Softmax": torch.nn.Softmax(dim=-1),
    "LogSoftmax": torch.nn.LogSoftmax(dim=-1),
    "PReLU": torch.nn.PReLU(dtype=torch.float64),
    "Dropout": torch.nn.Dropout().eval(),
}


def same_layer(ours: Any, theirs: Any, start: np.ndarray) -> None:
    """Values, and gradients of inputs and parameters."""
    x, t = Tensor(start), torch.tensor(start, requires_grad=True)
    cotangent = np.random.default_rng(9).normal(size=ours(x).shape)
    y, u = ours(x), theirs(t)
    agree(y.data, u.detach().numpy())
    y.backward(cotangent)
    u.backward(torch.tensor(cotangent))
    agree(x.grad, t.grad.numpy())
    if isinstance(theirs, torch.nn.Module):
        for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
            agree(a.grad, b.grad.numpy().T.reshape(a.shape))


@pytest.mark.parametrize("name", LAYERS)
def test_layers_without_weights(name: str) -> None:
    start = np.random.default_rng(2).normal(size=(4, 7)) * 3
    start[0, :2] = 0.0, -0.0
    same_layer(getattr(nn, name)().eval(), LAYERS[name], start)


def test_layers_with_settings() -> None:
    start = np.random.default_rng(2).normal(size=(4, 7)) * 3
    same_layer(nn.LeakyReLU(slope=0.3), torch.nn.LeakyReLU(0.3), start)
    same_layer(nn.ELU(alpha=0.3), torch.nn.ELU(0.3), start)
    same_layer(nn.Softmax(axis=0), torch.nn.Softmax(dim=0), start)
    same_layer(nn.PReLU(slope=np.full(7, 0.1)), torch.nn.PReLU(7, 0.1, dtype=torch.float64), start)
    same_layer(nn.Flatten(), torch.nn.Flatten(), start.reshape(2, 2, 7))


def test_layers_with_weights() -> None:
    rng = np.random.default_rng(3)
    start, mask = rng.normal(size=(4, 7)), rng.integers(0, 2, size=(7, 6))
    ours = nn.Linear(7, 6, rng=0)
    theirs = torch.nn.Linear(7, 6, dtype=torch.float64)
    with torch.no_grad():
        theirs.weight.copy_(torch.tensor(ours.weight.data.T))
        theirs.bias.copy_(torch.tensor(ours.bias.data))
    same_layer(ours, theirs, start)
    for layer in (ours, theirs):
        layer.zero_grad()
    W, M, b = theirs.weight, torch.tensor(mask.T), theirs.bias
    sparse = nn.Linear(7, 6, mask=mask)
    sparse.load_state_dict({**ours.state_dict(), "mask": mask})
    same_layer(sparse, lambda t: torch.nn.functional.linear(t, W * M, b), start)
    agree(sparse.weight.grad, W.grad.numpy().T)
    maxout = nn.Maxout(7, 3, pieces=2)
    maxout.linear.load_state_dict(ours.state_dict())
    same_layer(maxout, lambda t: theirs(t).reshape(4, 3, 2).amax(dim=-1), start)
    square = nn.Linear(7, 7, rng=1)
    V = torch.tensor(square.weight.data)
    same_layer(nn.Residual(nn.Sequential(square, nn.Tanh())), lambda t: t + torch.tanh(t @ V), start)
