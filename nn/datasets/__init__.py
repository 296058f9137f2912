"""Data sets that need no download.

Each function returns `X`, shape `(n, features)`, and `y`, shape `(n,)`; those with a test set of their own,
`X_train, X_test, y_train, y_test`, as `split` does.
"""

from ..arguments import near as _near
from ..data.arrays import split
from .cifar import CIFAR10, cifar10
from .collected import breast_cancer, diabetes, digits, iris, mnist1d, wine
from .points import CURVES, blobs, bumps, checkerboard, circles, curve, gauss, moons, plane, spirals, xor

__all__ = [
    "xor", "moons", "circles", "blobs", "gauss", "spirals", "checkerboard", "plane", "bumps", "curve", "digits",
    "iris", "wine", "breast_cancer", "diabetes", "mnist1d", "cifar10", "CIFAR10", "CURVES", "split",
]  # fmt: skip


def __getattr__(name: str) -> None:
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}{_near(name, __all__)}")
