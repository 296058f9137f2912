"""Plots of what a net does and how it learned, with matplotlib; each gives back the axes it drew on."""

from .learning import learning_curve as learning_curve
from .learning import learning_curves as learning_curves
from .learning import loss_surface as loss_surface
from .parts import activation as activation
from .parts import histograms as histograms
from .parts import shallow as shallow
from .plane import decision_boundary as decision_boundary
from .plane import hidden_units as hidden_units
from .plane import linear_regions as linear_regions

__all__ = [
    "activation",
    "decision_boundary",
    "hidden_units",
    "histograms",
    "learning_curve",
    "learning_curves",
    "linear_regions",
    "loss_surface",
    "shallow",
]
