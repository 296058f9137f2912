"""Optimisers: update rules, gradient clipping, schedules of the learning rate, and methods for all data at once."""

from .clipping import ClipNorm, ClipValue
from .descent import descend, newton
from .optimizer import Optimizer
from .quasi_newton import minimize
from .update_rules import SGD, Adagrad, Adam, AdamW, Groups, NAdam, RMSprop

__all__ = [
    "ClipNorm", "ClipValue", "descend", "newton", "Optimizer", "minimize", "SGD", "Adagrad", "Adam", "AdamW",
    "Groups", "NAdam", "RMSprop",
]  # fmt: skip
