"""Data to learn from, without a download.

Each gives `X`, shape `(n, features)`, and `y`, shape `(n,)`; those with a test set of their own,
`X_train, X_test, y_train, y_test`, as `split` does.
"""

from ..arguments import near as _near
from ..data.arrays import split as split
from .cifar import CIFAR10 as CIFAR10
from .cifar import cifar10 as cifar10
from .collected import breast_cancer as breast_cancer
from .collected import diabetes as diabetes
from .collected import digits as digits
from .collected import iris as iris
from .collected import mnist1d as mnist1d
from .collected import wine as wine
from .points import CURVES as CURVES
from .points import blobs as blobs
from .points import bumps as bumps
from .points import checkerboard as checkerboard
from .points import circles as circles
from .points import curve as curve
from .points import gauss as gauss
from .points import moons as moons
from .points import plane as plane
from .points import spirals as spirals
from .points import xor as xor

__all__ = [
    "xor", "moons", "circles", "blobs", "gauss", "spirals", "checkerboard", "plane", "bumps", "curve", "digits",
    "iris", "wine", "breast_cancer", "diabetes", "mnist1d", "cifar10", "CIFAR10", "CURVES", "split",
]  # fmt: skip


def __getattr__(name: str) -> None:
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}{_near(name, __all__)}")
