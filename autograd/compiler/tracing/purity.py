"""Purity: a trace may run user code that `captured` has read, and libraries that are known to be pure.

During a trace, a profile function sees each call before it happens. So clocks, files and prints are refused before they
have an effect. Calls from inside a pure library are trusted, except those that draw entropy.
"""

from __future__ import annotations

import functools
import itertools
import signal
import sys
import types
from collections.abc import Iterator, Set
from contextlib import contextmanager
from typing import Any

PURE = frozenset([
    "autograd", "nn", "chalkgrad", "numpy", "abc", "bisect", "builtins", "cmath", "collections", "contextlib",
    "copy", "copyreg", "dataclasses", "enum", "fractions", "functools", "heapq", "importlib", "itertools", "json",
    "keyword", "math", "numbers", "operator", "random", "re", "reprlib", "statistics", "string", "struct",
    "textwrap", "types", "typing", "typing_extensions", "_abc", "_bisect", "_collections", "_collections_abc",
    "_functools", "_heapq", "_operator", "_random", "_sitebuiltins", "_statistics", "_struct", "_weakrefset",
])  # fmt: skip
"""Modules whose functions give the same for the same arguments; generators of random numbers are watched apart."""
OURS = ("autograd", "nn", "chalkgrad")
_NUMPYS = (
    "fromfile load loadtxt genfromtxt fromregex save savez savez_compressed savetxt tofile dump memmap open_memmap "
    "get_printoptions set_printoptions printoptions array2string array_repr array_str geterr seterr geterrcall "
    "seterrcall getbufsize setbufsize seed set_state get_state show_config spawn _array_str_implementation "
    "_array_repr_implementation _default_array_str _default_array_repr"
)
DENIED = {module: frozenset(names.split()) for module, names in {
    "builtins": "print input open eval exec globals locals __import__ breakpoint id __subclasses__",
    "numpy": _NUMPYS, "random": "seed setstate getstate", "importlib": "import_module", "json": "load dump",
    **dict.fromkeys(OURS, "load save restore seed"),
}.items()}  # fmt: skip
"""What pure modules hold that reads or changes something outside."""
_ENTROPY = ("secrets", "uuid", "tempfile")
REMEDY = "do that outside and hand the number over as an argument, draw it inside `chalkgrad.fresh`, or run uncompiled"


@functools.cache
def standing(module: str) -> str:
    """Return whether a module is "pure", an "other" library, of which nothing is known, or of the "user"."""
    top = module.partition(".")[0]
    if top in PURE or module.startswith(("scipy.special", "namedtuple_")):
        return "pure"
    file = getattr(sys.modules.get(top), "__dict__", {}).get("__file__") or ""  # no `__getattr__` of the user runs
    known = top in sys.stdlib_module_names or "site-packages" in file or "dist-packages" in file
    return "other" if known or top.startswith("_cython") else "user"


_library: list[Any] = [0, 0, [], []]  # a number, how many modules there are, our own ones and classes, their attributes


def library() -> int:
    """Return a number that changes when somebody sets an attribute of our modules and classes."""
    number, known, spaces, was = _library
    if known != len(sys.modules):
        modules = [m for name, m in sys.modules.copy().items() if name.partition(".")[0] in OURS]
        parts = dict.fromkeys(x for m in modules for x in vars(m).values() if isinstance(x, type))
        spaces = [vars(x) for x in (*modules, *(c for c in parts if c.__module__.partition(".")[0] in OURS))]
    now = [*itertools.chain.from_iterable(space.values() for space in spaces)]
    try:
        number += now != was  # what is the very same is equal at once
    except Exception:  # an array, or the like, is another one
        number += 1
    _library[:] = number, len(sys.modules), spaces, now
    return number


def denied(called: Any) -> str:
    """Return the full name of a function of C that reads or changes something outside, or of which nothing is known."""
    owner, name = getattr(called, "__self__", None), called.__name__
    if owner is None or isinstance(owner, types.ModuleType):
        modules = [called.__module__ or ""]
    else:
        modules = [kind.__module__ for kind in (owner if isinstance(owner, type) else type(owner)).__mro__]
    if any(name in DENIED.get(module.partition(".")[0], ()) for module in modules) or standing(modules[0]) == "other":
        return f"{modules[0]}.{called.__qualname__}".removeprefix("builtins.")
    return "" if modules[0] else called.__qualname__


class Observer:
    """A profile of one trace. It refuses calls that a program would not repeat, and notes which code has run.

    Args:
        walked: the code objects whose surroundings are known.

    Attributes:
        ran: those of them that have run.
        refused: what was refused, or "".
    """

    def __init__(self, walked: Set[types.CodeType]) -> None:
        self.ran: set[types.CodeType] = set()
        self.refused = ""
        self._walked, self._trusted = walked, set[types.CodeType]()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch all calls of this thread in a `with` block. An active profiler pauses."""
        before: Any = sys.getprofile()
        if not (before is None or callable(before) or hasattr(before, "enable")):
            raise RuntimeError(f"the active profiler, {before!r:.60}, cannot pause while a function is traced: stop it")
        sys.setprofile(self._look)
        try:
            yield
        finally:
            sys.setprofile(None)
            getattr(before, "enable", lambda: sys.setprofile(before))()
        if self.refused:  # an `except` of the function may have hidden it
            raise RuntimeError(self.refused)

    def _look(self, frame: types.FrameType, event: str, called: Any) -> None:
        code = frame.f_code
        if event == "call":
            if code not in self.ran and code not in self._trusted:
                self._called(frame, code)
        elif event == "c_call" and code in self.ran and (full := denied(called)):
            self._refuse(f"calls `{full}`, which may read or change what no program sees", called.__name__)

    def _called(self, frame: types.FrameType, code: types.CodeType) -> None:
        module, name = frame.f_globals.get("__name__", ""), code.co_name
        kind = standing(module)
        if code in self._walked:
            self.ran.add(code)
        elif kind == "user" and not _handles_signals(code):
            self._refuse(f"runs `{code.co_qualname}`, which nothing that it names leads to")
        elif kind == "user":
            self._trusted.add(code)
        elif module in _ENTROPY or (
            module == "random" and (name in ("seed", "__init__") or "System" in code.co_qualname)
        ):
            self._refuse("draws random numbers whose source is new each time, or sets a seed")
        elif kind == "pure" and name not in DENIED.get(module.partition(".")[0], ()):
            self._trusted.add(code)
        elif frame.f_back is not None and frame.f_back.f_code in self.ran and (module, name) != ("threading", "RLock"):
            self._refuse(f"calls `{module}.{code.co_qualname}`, which may read or change what no program sees", name)

    def _refuse(self, reason: str, name: str = "") -> None:
        self.refused = self.refused or f"the function {reason}: {REMEDY}"
        if name not in ("__exit__", "release", "close"):  # what is open is closed, and refused at the end
            raise RuntimeError(self.refused)


def _handles_signals(code: types.CodeType) -> bool:
    """Return whether a code object is a signal handler, which can run at any time."""
    handlers = [signal.getsignal(number) for number in signal.valid_signals()]
    return any(getattr(handler, "__code__", None) is code for handler in handlers)
