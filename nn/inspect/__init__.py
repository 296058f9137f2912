"""What can be known of a net: joints and linear regions, exactly; nets of nets; signals by layer; its curvature."""

from .composition import compose, merged, through
from .curvature import hessian, hessian_product
from .layerwise import Signal, signals
from .linear_regions import Region, joints, regions, zaslavsky

__all__ = [
    "Region", "Signal", "compose", "hessian", "hessian_product", "joints", "merged", "regions", "signals", "through",
    "zaslavsky",
]  # fmt: skip
