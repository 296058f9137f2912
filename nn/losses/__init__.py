"""Losses: functions of outputs and targets, what they share, and how outputs become predictions."""

from .criterion import Criterion as Criterion
from .criterion import Loss as Loss
from .formulas import LIKELIHOODS as LIKELIHOODS
from .formulas import LOSSES as LOSSES
from .formulas import bce as bce
from .formulas import bce_with_logits as bce_with_logits
from .formulas import cross_entropy as cross_entropy
from .formulas import gaussian_nll as gaussian_nll
from .formulas import hinge as hinge
from .formulas import huber as huber
from .formulas import kl_divergence as kl_divergence
from .formulas import loss_of as loss_of
from .formulas import mae as mae
from .formulas import mse as mse
from .formulas import multiclass_hinge as multiclass_hinge
from .formulas import nll as nll
from .formulas import poisson_nll as poisson_nll
from .formulas import rss as rss
from .formulas import squared_hinge as squared_hinge
from .formulas import squared_multiclass_hinge as squared_multiclass_hinge
from .output_decoder import Reading as Reading

__all__ = [
    "Criterion", "Loss", "LIKELIHOODS", "LOSSES", "bce", "bce_with_logits", "cross_entropy", "gaussian_nll", "hinge",
    "huber", "kl_divergence", "loss_of", "mae", "mse", "multiclass_hinge", "nll", "poisson_nll", "rss",
    "squared_hinge", "squared_multiclass_hinge", "Reading",
]  # fmt: skip
