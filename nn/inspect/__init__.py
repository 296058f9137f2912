"""What can be known of a net: joints and linear regions, exactly; nets of nets; signals by layer; its curvature."""

from .composition import compose as compose
from .composition import merged as merged
from .composition import through as through
from .curvature import hessian as hessian
from .curvature import hessian_product as hessian_product
from .layerwise import Signal as Signal
from .layerwise import signals as signals
from .linear_regions import Region as Region
from .linear_regions import joints as joints
from .linear_regions import regions as regions
from .linear_regions import zaslavsky as zaslavsky

__all__ = [
    "Region", "Signal", "compose", "hessian", "hessian_product", "joints", "merged", "regions", "signals", "through",
    "zaslavsky",
]  # fmt: skip
