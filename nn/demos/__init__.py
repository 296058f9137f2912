"""Demos for lectures: pages with sliders that run in a browser, in a notebook and as one file.

>>> from chalkgrad.nn import demos
>>> demos.momentum().save("momentum.html")  # doctest: +SKIP
"""

from __future__ import annotations

from ..arguments import one_of
from .formulas import SURFACES
from .page import Page

__all__ = ["composition", "joints", "momentum", "saturation"]


def composition() -> Page:
    """Return a page that composes two shallow nets frame by frame, from x to y to y', as a folding of the input.

    Source: Prince, Understanding Deep Learning (2023), section 4.1.

    >>> composition()
    Page('Composing two nets')
    """
    return Page("composition", "Composing two nets", {}, 640)


def joints() -> Page:
    """Return a page with a shallow ReLU net of three hidden units: a slider for each parameter, and its joints.

    Source: Prince, Understanding Deep Learning (2023), section 3.1.

    >>> joints()
    Page('Joints of a shallow net')
    """
    return Page("joints", "Joints of a shallow net", {}, 680)


def saturation() -> Page:
    """Return a page that compares the gradients of output units and losses where the output is wrong.

    Source: Goodfellow, Bengio and Courville (2016), section 6.2.2.2.

    >>> saturation()
    Page('Saturation of output units')
    """
    return Page("saturation", "Saturation of output units", {}, 620)


def momentum(surface: str = "valley") -> Page:
    """Return a page on which optimisers descend on a surface, with and without momentum, step by step.

    Args:
        surface: "valley", "saddle" or "rosenbrock".

    Raises:
        ValueError: there is no such surface.

    Source: Polyak (1964); Goodfellow, Bengio and Courville (2016), section 8.3.2.

    >>> momentum("saddle")
    Page('Momentum on a surface')
    """
    return Page("momentum", "Momentum on a surface", {"surface": one_of(surface, SURFACES, "surface")}, 700)
