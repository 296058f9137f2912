"""Plots of how a net learned: its learning curve, those of several runs, and the path down the loss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..arguments import count, items, within
from ..data.arrays import plain_array
from ..losses.formulas import Loss, loss_of
from ..losses.output_decoder import targets_of
from ..module import Module, check_model
from ..randomness import RandomLike, seed
from .axes import LINES, axes_of, check_named
from .curves import contour


def learning_curve(history: Mapping[str, Sequence[float]], ax: Any = None) -> Any:
    """Draw the lists of a `History` over the epochs.

    Args:
        history: from names to lists of numbers, one per epoch, as `nn.fit` gives it.
        ax: the matplotlib axes to draw on; new ones if left out.

    Returns:
        The axes.

    Raises:
        TypeError: `history` does not map names to lists of numbers.
        ValueError: there is nothing in it.
        ImportError: matplotlib is missing.

    >>> from matplotlib.figure import Figure
    >>> ax = learning_curve({"loss": [1.0, 0.5, 0.25]}, Figure().subplots())
    >>> ax.get_xlabel(), ax.get_ylabel(), ax.get_yscale(), ax.lines[0].get_ydata().tolist()
    ('epoch', 'loss', 'log', [1.0, 0.5, 0.25])
    """
    check_named(history, "history", _are_numbers, "lists of numbers, as `nn.fit` gives it")
    rows = {name: row for name, row in history.items() if len(row)}
    if not rows:
        raise ValueError("`history` has no epochs: there is nothing to draw")
    ax = axes_of(ax)
    for i, (name, row) in enumerate(rows.items()):
        ax.plot(np.arange(1, len(row) + 1), row, label=name, **LINES[i % len(LINES)])
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.set(xlabel="epoch", ylabel=next(iter(rows)) if len(rows) == 1 else "", title="Learning curve")
    if all(value > 0 for row in rows.values() for value in row):
        ax.set_yscale("log")
    if len(rows) > 1:
        ax.legend()
    return ax


def _are_numbers(row: Any) -> bool:
    return np.ndim(row) == 1 and np.asarray(row).dtype.kind in "iuf"


def learning_curves(runs: Mapping[str, Mapping[str, Sequence[float]]], name: str = "loss", ax: Any = None) -> Any:
    """Draw one list of several Histories over the epochs, to compare runs.

    Args:
        runs: from what a run is called to its `History`.
        name: which list is drawn.
        ax: the matplotlib axes to draw on; new ones if left out.

    Returns:
        The axes.

    Raises:
        TypeError: `runs` does not map names to Histories.
        ValueError: a run has no list of that name, or there are no runs.
        ImportError: matplotlib is missing.

    >>> from matplotlib.figure import Figure
    >>> runs = {"sgd": {"loss": [1.0, 0.9]}, "adam": {"loss": [1.0, 0.5]}}
    >>> ax = learning_curves(runs, ax=Figure().subplots())
    >>> [line.get_label() for line in ax.lines]
    ['sgd', 'adam']
    """
    check_named(runs, "runs", lambda history: isinstance(history, Mapping), "Histories, as in {'sgd': history}")
    if not isinstance(name, str):
        raise TypeError(f"`name` is the name of a list, such as 'loss', not {name!r:.60}")
    for run, history in runs.items():
        if name not in history:
            raise ValueError(f"run {run!r} has no list {name!r}; it has {', '.join(map(repr, history)) or 'none'}")
    ax = learning_curve({run: history[name] for run, history in runs.items()}, ax)
    ax.set(ylabel=name, title="Learning curves")
    return ax


State = Mapping[str, Any]


def loss_surface(
    model: Module,
    X: Any,
    y: Any,
    loss: str | Loss = "mse",
    *,
    path: Sequence[State] = (),
    reach: float = 1.0,
    resolution: int = 41,
    rng: RandomLike = None,
    ax: Any = None,
) -> Any:
    r"""Draw a slice through the loss, $L(\theta + a\,u + b\,v)$, with the path that an optimiser took on it.

    Args:
        model: its parameters $\theta$ that are not frozen are the middle; they are changed on the way, and put back.
        X, y, loss: as for `nn.fit`.
        path: the parameters on the way, as `model.state_dict()` gave them: in `nn.fit`, keep them with
            `callbacks=lambda epoch, logs: path.append(model.state_dict())`. Then $u$ and $v$ are the directions in
            which the path extends most, and the last point is the middle. Without a path they are random, of the size
            of each parameter.
        reach: how far the slice goes, in units of $u$ and $v$, where there is no path.
        resolution: the number of points along each side.
        rng: a seed, a generator or None, for the random directions.
        ax: the matplotlib axes to draw on; new ones if left out.

    Returns:
        The axes.

    Raises:
        TypeError, ValueError: an argument is not as above.
        ImportError: matplotlib is missing.

    Source: Li et al., Visualizing the Loss Landscape of Neural Nets (2018).

    >>> from matplotlib.figure import Figure
    >>> from chalkgrad.nn import TensorMLP
    >>> X, y = np.array([[-1.0], [0.0], [1.0]]), np.array([0.0, 1.0, 2.0])
    >>> ax = loss_surface(TensorMLP(1, [3, 1], rng=0), X, y, resolution=5, rng=0, ax=Figure().subplots())
    >>> ax.get_title()
    'A slice through the loss'
    """
    check_model(model)
    X, loss = plain_array(model.arranged(X), "X"), loss_of(loss)
    y = targets_of(model.output_decoder, loss, y, model.outputs(X).shape)
    reach, resolution = within(reach, "reach", 1e-12), count(resolution, "resolution", 2)
    whole = model.state_dict()
    here = {name: whole[name] for name, p in model.named_parameters() if p.requires_grad}
    path = items(path, "path")
    middle = _flat(path[-1] if path else here, here)
    walked = np.array([_flat(state, here) for state in path]).reshape(len(path), middle.size)
    u, v = _directions(here, walked - middle, np.random.default_rng(seed(rng)))
    steps = np.linalg.lstsq(np.stack([u, v], axis=1), (walked - middle).T, rcond=None)[0].T
    side = None if len(walked) else (-reach, reach)

    def height(place: Any) -> float:
        a, b = place.data
        model.load_state_dict(whole | _unflat(middle + a * u + b * v, here))
        return float(loss(model.outputs(X), y))

    try:
        ax = contour(height, {"path": steps} if len(walked) else {}, x=side, y=side, resolution=resolution, ax=ax)
    finally:
        model.load_state_dict(whole)
    if ax.collections:
        ax.figure.colorbar(ax.collections[0], ax=ax, label="loss", format="%.2g")
    ax.set(xlabel="along $u$", ylabel="along $v$", title="A slice through the loss")
    return ax


def _flat(state: State, like: State) -> np.ndarray:
    """Lay parameters out as one vector."""
    if not isinstance(state, Mapping) or not set(like) <= set(state):
        raise ValueError(f"parameters are dicts with names such as {next(iter(like), '')!r}, not {state!r:.60}")
    return np.concatenate([np.broadcast_to(state[name], np.shape(x)).ravel() for name, x in like.items()])


def _unflat(vector: np.ndarray, like: State) -> dict[str, Any]:
    parts = np.split(vector, np.cumsum([np.size(x) for x in like.values()])[:-1])
    return {name: part.reshape(np.shape(x)) for (name, x), part in zip(like.items(), parts, strict=True)}


def _directions(here: State, walked: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    if len(walked) > 2:
        u, v = np.linalg.svd(walked, full_matrices=False)[2][:2]
        u, v = (x if x[np.abs(x).argmax()] > 0 else -x for x in (u, v))  # the sign of a direction is free
    else:
        u, v = (_random_direction(here, rng) for _ in range(2))
    if np.linalg.matrix_rank(np.stack([u, v])) < 2:
        raise ValueError("the two directions are parallel, or 0: a slice needs two parameters that are not 0")
    return u, v


def _random_direction(here: State, rng: np.random.Generator) -> np.ndarray:
    """Draw a direction in which each parameter changes by as much as it is large."""
    parts = [(rng.normal(size=np.size(x)), np.linalg.norm(x)) for x in here.values()]
    return np.concatenate([part * (size / np.linalg.norm(part)) for part, size in parts])
