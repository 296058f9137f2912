"""The names `autograd` and `nn` belong to two other distributions on PyPI as well.

Two distributions that write into one folder leave a mixture of both, and nothing warns of it: pip overwrites
without a word, and the first sign is a gradient from the wrong library. So both of our packages look for the
others on the way in, and refuse.

What is looked for is the folder that an installer leaves beside a package (`autograd-1.8.0.dist-info`), by
listing the directories of `sys.path`: about 0.3 ms. `importlib.metadata` would answer the same question, but
costs 30 ms to import.
"""

import os
import sys

STRANGERS = ("autograd", "nn")
"""The distributions that install packages called as ours are; our own distribution is `chalkgrad`."""

REMEDY = "pip uninstall autograd nn", "pip install --force-reinstall --no-deps chalkgrad"
"""The commands that mend it. Uninstalling takes away the files that both had written, so it is not enough."""


def refuse_strangers() -> None:
    """Raise where another distribution with a package `autograd` or `nn` is installed in this environment.

    Raises:
        ImportError: naming what was found, where, and the remedy.
    """
    found = [
        os.path.join(directory, entry)
        for directory in dict.fromkeys(entry or os.curdir for entry in sys.path)
        for entry in _entries(directory)
        if _is_stranger(entry)
    ]
    if found:
        raise ImportError(
            "Chalkgrad's packages `autograd` and `nn` cannot share an environment with another distribution "
            f"that installs packages of these names; found {', '.join(found)}. "
            f"Remedy: `{REMEDY[0]}`, then `{REMEDY[1]}`."
        )


def _entries(directory: str) -> list[str]:
    """The names in a directory; none where it is missing, unreadable or a zip file."""
    try:
        return os.listdir(directory)
    except OSError:
        return []


def _is_stranger(entry: str) -> bool:
    """Whether a name is the mark of another distribution, left by a wheel, by setuptools or in a checkout.

    >>> [_is_stranger(name) for name in ("autograd-1.8.0.dist-info", "nn-0.1.1-py3.11.egg-info")]
    [True, True]
    >>> [_is_stranger(name) for name in ("chalkgrad-0.1.0.dist-info", "autograd_gamma-0.5.0.dist-info")]
    [False, False]
    """
    stem, _, kind = entry.rpartition(".")
    return kind in ("dist-info", "egg-info") and stem.partition("-")[0].lower() in STRANGERS
