"""Refuse a checkout that shares its environment with the distributions `autograd` or `nn` of PyPI.

A wheel has the import name `chalkgrad` only, and does not contain this file. In a checkout or an editable install
the order of `sys.path` decides which library `import autograd` finds, and the user may notice only wrong gradients. So
both packages look for the other distributions when they are imported.

They look for the folder that an installer creates beside a package (`autograd-1.8.0.dist-info`), by listing the
directories of `sys.path`: about 0.3 ms. `importlib.metadata` would answer the same question, but takes 30 ms to import.
"""

import glob
import os
import re
import sys

_CHECKOUT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

_MARK = re.compile(r"(autograd|nn)(-.*)?\.(dist|egg)-info", re.IGNORECASE)
"""What a wheel, setuptools or a checkout leaves of a distribution of our names; our own is called `chalkgrad`.

>>> [bool(_MARK.fullmatch(name)) for name in ("autograd-1.8.0.dist-info", "nn-0.1.1-py3.11.egg-info")]
[True, True]
>>> [bool(_MARK.fullmatch(name)) for name in ("chalkgrad-0.1.0.dist-info", "autograd_gamma-0.5.0.dist-info")]
[False, False]
"""


def refuse_clashing() -> None:
    """Raise if another distribution with a package `autograd` or `nn` is installed in this environment.

    Raises:
        ImportError: there is such a distribution. The message names it, its folder and the remedy.
    """
    found = [
        os.path.join(directory, entry)
        for directory in dict.fromkeys(entry or os.curdir for entry in sys.path)
        for entry in glob.glob("*-info", root_dir=directory)  # of a missing folder or a zip file: none
        if _MARK.fullmatch(entry)
    ]
    if found:
        raise ImportError(
            "A checkout of Chalkgrad, or an editable install, cannot share an environment with another distribution "
            f"that has a package `autograd` or `nn`; found {', '.join(found)}. Remedy: use the checkout in an "
            f"environment of its own; or install it as a wheel, `pip install {_CHECKOUT}`, and `import chalkgrad` "
            "outside the checkout."
        )
