"""Losses: functions of outputs and targets, their base class, and the conversion of outputs to predictions."""

from .criterion import Criterion, Loss
from .formulas import (
    LIKELIHOODS, LOSSES, bce, bce_with_logits, cross_entropy, gaussian_nll, hinge, huber, kl_divergence, loss_of, mae,
    mse, multiclass_hinge, nll, poisson_nll, rss, squared_hinge, squared_multiclass_hinge,
)
from .output_decoder import OutputDecoder

__all__ = [
    "Criterion", "Loss", "LIKELIHOODS", "LOSSES", "bce", "bce_with_logits", "cross_entropy", "gaussian_nll", "hinge",
    "huber", "kl_divergence", "loss_of", "mae", "mse", "multiclass_hinge", "nll", "poisson_nll", "rss",
    "squared_hinge", "squared_multiclass_hinge", "OutputDecoder",
]  # fmt: skip
