"""Optimisers: update rules, gradient clipping, schedules of the learning rate, and methods for all data at once."""

from .clipping import ClipNorm as ClipNorm
from .clipping import ClipValue as ClipValue
from .descent import descend as descend
from .descent import newton as newton
from .optimizer import Optimizer as Optimizer
from .quasi_newton import minimize as minimize
from .update_rules import SGD as SGD
from .update_rules import Adagrad as Adagrad
from .update_rules import Adam as Adam
from .update_rules import AdamW as AdamW
from .update_rules import Groups as Groups
from .update_rules import NAdam as NAdam
from .update_rules import RMSprop as RMSprop

__all__ = [
    "ClipNorm", "ClipValue", "descend", "newton", "Optimizer", "minimize", "SGD", "Adagrad", "Adam", "AdamW",
    "Groups", "NAdam", "RMSprop",
]  # fmt: skip
