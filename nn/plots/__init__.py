"""Plots of what a net does and how it learned, with matplotlib; each gives back the axes it drew on."""

from .construction import folding, shallow
from .curves import contour, functions, regression
from .learning import learning_curve, learning_curves, loss_surface
from .parts import activation, histograms, images
from .plane import decision_boundary, hidden_units, linear_regions, snapshots
from .searching import search
from .signals import layer_outputs, signal_sizes

__all__ = [
    "activation", "contour", "decision_boundary", "folding", "functions", "hidden_units", "histograms", "images",
    "layer_outputs", "learning_curve", "learning_curves", "linear_regions", "loss_surface", "regression", "search",
    "shallow", "signal_sizes", "snapshots",
]  # fmt: skip
