"""Give the modules of a checkout two names: `autograd` and `nn`, and the same inside `chalkgrad`.

A second name must not load a second copy, whose class `Value` would be another class. So this file enters all loaded
modules into `sys.modules` under both names. A finder does the same for modules that are imported later.

The finder alone is not enough: after an import Python sets the submodule as an attribute of its package. There it
would replace the functions `autograd.primitive` and `drawing.paths`, which are called as their files are.

A wheel does not hold this file: there the packages lie inside `chalkgrad`.
"""

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import autograd
import nn

PREFIX = "chalkgrad."
OURS = ("autograd", "nn")


class Finder(MetaPathFinder, Loader):
    """Finds `chalkgrad.autograd.x` where `autograd.x` is, and loads the same module."""

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> Any:
        """Return the specification of a module inside `chalkgrad.autograd` or `chalkgrad.nn`, or None."""
        if not name.startswith(tuple(PREFIX + package + "." for package in OURS)):
            return None
        real = find_spec(name.removeprefix(PREFIX))
        if real is None:
            return None
        return ModuleSpec(name, self, origin=real.origin, is_package=real.submodule_search_locations is not None)

    def create_module(self, spec: ModuleSpec) -> None:
        """Let Python make an empty module, because it overwrites the `__spec__` of what this method returns."""

    def exec_module(self, module: ModuleType) -> None:
        """Replace the empty module by the real one."""
        sys.modules[module.__name__] = import_module(module.__name__.removeprefix(PREFIX))

    def get_code(self, name: str) -> CodeType | None:
        """Return the code that `python -m chalkgrad.nn` runs."""
        loader: Any = find_spec(name.removeprefix(PREFIX)).loader  # type: ignore[union-attr]
        return loader.get_code(name.removeprefix(PREFIX))


def _enter() -> None:
    home = Path(__file__).resolve().parent.parent
    for package in (autograd, nn):
        found = Path(package.__file__ or "").resolve().parent.parent
        if found != home:
            raise ImportError(
                f"this Chalkgrad is the checkout in {home}, but `import {package.__name__}` finds {package.__file__}. "
                f"Remedy: remove one of the two, or install this checkout as a wheel: `pip install {home}`"
            )
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in OURS:
            sys.modules[PREFIX + name] = module
    sys.meta_path.insert(0, Finder())


_enter()
