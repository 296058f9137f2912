"""Plots of what a net does and how it learned, with matplotlib; each gives back the axes it drew on."""

from .construction import folding as folding
from .construction import shallow as shallow
from .curves import contour as contour
from .curves import functions as functions
from .curves import regression as regression
from .learning import learning_curve as learning_curve
from .learning import learning_curves as learning_curves
from .learning import loss_surface as loss_surface
from .parts import activation as activation
from .parts import histograms as histograms
from .parts import images as images
from .plane import decision_boundary as decision_boundary
from .plane import hidden_units as hidden_units
from .plane import linear_regions as linear_regions
from .plane import snapshots as snapshots
from .searching import search as search
from .signals import layer_outputs as layer_outputs
from .signals import signal_sizes as signal_sizes

__all__ = [
    "activation",
    "contour",
    "decision_boundary",
    "folding",
    "functions",
    "hidden_units",
    "histograms",
    "images",
    "layer_outputs",
    "learning_curve",
    "learning_curves",
    "linear_regions",
    "loss_surface",
    "regression",
    "search",
    "shallow",
    "signal_sizes",
    "snapshots",
]
