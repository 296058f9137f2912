"""Plots of searches: which settings were tried, and how good each was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .axes import axes_of


def search(found: Any, x: str, y: str, ax: Any = None) -> Any:
    """Draw the settings that a search of scikit-learn has tried as points of the plane, coloured by their score.

    Args:
        found: a fitted `GridSearchCV`, `RandomizedSearchCV` or the like, or its `cv_results_`.
        x, y: the names of two settings that are numbers; an axis whose numbers differ by a factor of 30 is logarithmic.
        ax: the matplotlib axes to draw on; new ones if left out.

    Returns:
        The axes; a star marks the best point.

    Raises:
        TypeError: `found` has no `cv_results_`, or a setting is no number.
        ValueError: no setting of that name was searched.
        ImportError: matplotlib is missing.

    Source: Bergstra and Bengio (2012), figure 1.

    >>> from matplotlib.figure import Figure
    >>> results = {"param_lr": [0.01, 0.1, 1.0], "param_alpha": [0.0, 0.1, 0.2], "mean_test_score": [0.8, 0.9, 0.7]}
    >>> ax = search(results, "lr", "alpha", Figure().subplots())
    >>> ax.get_title(), ax.get_xscale(), ax.lines[0].get_xdata().tolist()
    ('3 settings, the best 0.900', 'log', [0.1])
    """
    results = getattr(found, "cv_results_", found)
    if not isinstance(results, Mapping) or "mean_test_score" not in results:
        raise TypeError(f"`found` is a search that was fitted, such as a GridSearchCV, not {found!r:.60}")
    sides = [_setting(results, name) for name in (x, y)]
    scores = np.asarray(results["mean_test_score"], dtype=np.float64)
    ax = axes_of(ax, 5.0, 3.8)
    points = ax.scatter(*sides, c=scores, s=70, cmap="viridis", edgecolors="#1f2328", linewidths=0.6, zorder=3)
    best = int(np.nanargmax(scores))
    ax.plot(sides[0][best], sides[1][best], "*", markersize=20, color="#b35806", markeredgecolor="white", zorder=4)
    ax.figure.colorbar(points, ax=ax, label="score")
    ax.set(xlabel=x, ylabel=y, title=f"{len(scores)} settings, the best {scores[best]:.3f}")
    for name, side in zip(("x", "y"), sides, strict=True):
        if side.min() > 0 and side.max() > 30 * side.min():
            ax.set(**{f"{name}scale": "log"})
    return ax


def _setting(results: Mapping[str, Any], name: str) -> np.ndarray:
    if f"param_{name}" not in results:
        known = ", ".join(repr(key.removeprefix("param_")) for key in results if key.startswith("param_"))
        raise ValueError(f"no setting {name!r} was searched; there are {known or 'none'}")
    try:
        return np.array([float(setting) for setting in results[f"param_{name}"]])
    except (TypeError, ValueError):
        raise TypeError(f"the setting {name!r} is no number, and has no place on an axis") from None
