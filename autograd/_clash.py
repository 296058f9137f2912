"""Refuse a checkout that shares its environment with the distributions `autograd` or `nn` of PyPI.

A wheel has the one import name `chalkgrad`, and does not hold this file. In a checkout or an editable install
the order of `sys.path` decides which library `import autograd` finds, and the first sign is a gradient from the wrong
one. So both of our packages look for the others when they are imported.

They look for the folder that an installer leaves beside a package (`autograd-1.8.0.dist-info`), by listing the
directories of `sys.path`: about 0.3 ms. `importlib.metadata` would answer the same question, but takes 30 ms to import.
"""

import os
import sys

CLASHING = ("autograd", "nn")
"""The distributions that install packages of our names; our own distribution is `chalkgrad`."""

_CHECKOUT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

REMEDY = (
    "use the checkout in an environment of its own",
    f"install it as a wheel, `pip install {_CHECKOUT}`, and `import chalkgrad` outside the checkout",
)
"""What helps: an environment without the others; or a wheel, which works beside them."""


def refuse_clashing() -> None:
    """Raise where another distribution with a package `autograd` or `nn` is installed in this environment.

    Raises:
        ImportError: naming what was found, where, and the remedy.
    """
    found = [
        os.path.join(directory, entry)
        for directory in dict.fromkeys(entry or os.curdir for entry in sys.path)
        for entry in _entries(directory)
        if _is_clashing(entry)
    ]
    if found:
        raise ImportError(
            "A checkout of Chalkgrad, or an editable install, cannot share an environment with another distribution "
            f"that has a package `autograd` or `nn`; found {', '.join(found)}. Remedy: {REMEDY[0]}; or {REMEDY[1]}."
        )


def _entries(directory: str) -> list[str]:
    """The names in a directory; none where it is missing, unreadable or a zip file."""
    try:
        return os.listdir(directory)
    except OSError:
        return []


def _is_clashing(entry: str) -> bool:
    """Whether a name is the mark of another distribution, left by a wheel, by setuptools or in a checkout.

    >>> [_is_clashing(name) for name in ("autograd-1.8.0.dist-info", "nn-0.1.1-py3.11.egg-info")]
    [True, True]
    >>> [_is_clashing(name) for name in ("chalkgrad-0.1.0.dist-info", "autograd_gamma-0.5.0.dist-info")]
    [False, False]
    """
    stem, _, kind = entry.rpartition(".")
    return kind in ("dist-info", "egg-info") and stem.partition("-")[0].lower() in CLASHING
