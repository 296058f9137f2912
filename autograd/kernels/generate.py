"""Machine code of kernels by numba, for where the code that is shipped beside them does not fit."""

from __future__ import annotations

import inspect
import re
import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import types
from numba.core.ccallback import CFunc
from numba.core.errors import NumbaWarning
from numba.core.registry import cpu_target
from numba.core.runtime import rtsys
from numba.core.sigutils import normalize_signature

from .build import kernel, words
from .fork import fork, work
from .formulas import ARITY, FORMULAS
from .loops import dense, scattered
from .machine import run
from .matmul import matmul
from .movement import batch, check, copy, pick, put, spread
from .reductions import REDUCTIONS, reduce
from .sequential import SEQUENTIAL
from .signatures import signature
from .straight import SIGNATURE as SINGLE_TYPE
from .straight import one, straight
from .sums import plain_sums, sums

_KERNEL = types.int64(types.int64)
"""From the address of an instruction to the status."""

_DTYPES = {"float32": np.float32, "float64": np.float64, "": np.float64}
_LOOPS = {
    "run": (run, types.int64(*[types.int64] * 3)),
    "work": (work, types.int64(*[types.int64] * 3)),
}
"""What programs call by itself."""

_OTHERS = {
    "batch": batch, "check": check, "copy": copy, "fork": fork, "matmul": matmul, "pick": pick,
    "plain_sums": plain_sums, "put": put, "spread": spread, "straight": straight, "sums": sums,
    **dict.fromkeys(REDUCTIONS, reduce), **SEQUENTIAL,
}  # fmt: skip

rtsys.initialize(cpu_target.target_context)  # what its machine code may refer to


def entry(name: str, dtype: str, extra: str) -> tuple[Callable[..., Any], Any]:
    """Return the function of a kernel, and its type for numba."""
    if name in _LOOPS:
        return _LOOPS[name]
    given, arity = REDUCTIONS.get(name) or FORMULAS.get(name), ARITY.get(name, 3)
    formula = [kernel(lambda x, y, z: given(x)), kernel(lambda x, y, z: given(x, y)), given][arity - 1]
    constants = {"formula": formula, "arity": arity, "dtype": _DTYPES[dtype], "source": _DTYPES.get(extra or dtype)}
    if extra == "one":  # a formula that the straight run calls by itself
        return _written(name, one, ("values", "places"), constants), SINGLE_TYPE
    body = (scattered if extra == "at" else dense) if name in FORMULAS else _OTHERS[name]
    return _written(name, body, signature(name, extra).names, constants, packed=True), _KERNEL


def _written(name: str, body: Any, operands: tuple[str, ...], constants: dict[str, Any], packed: bool = False) -> Any:
    """Write the function that calls a body with its constants and operands, which are `packed` in an instruction.

    Where there are less than three operands a, b, c, the last one is passed for the others too."""
    last = "abc"[constants["arity"] - 1]
    passed = [re.sub(f"^[{last}-c](?=$|_)", last, x) for x in inspect.signature(body).parameters]
    if tuple(dict.fromkeys(x for x in passed if x not in constants)) != operands:
        raise TypeError(f"the kernel `{name}` has the parameters {passed}, and its signature {operands}")
    names = ", ".join(operands)
    source = f"""def entry({"instruction" if packed else names}):
        {f"{names} = words(instruction + 16, {len(operands)})" if packed else ""}
        return body({", ".join(passed)})"""
    space = {"__name__": __name__, "body": body, "words": words, **constants}
    exec(compile(source, __file__, "exec"), space)
    return space["entry"]


def machine_code(name: str, dtype: str, extra: str) -> tuple[str, bytes]:
    """Compile a kernel; gives the name under which it stands in an object file, and that file."""
    if not _said and sys.stderr.isatty():
        print("chalkgrad: compiling kernels, once on this machine ...", file=sys.stderr)
    _said.append(name)
    function, kind = entry(name, dtype, extra)
    made = CFunc(function, normalize_signature(kind), {}, {"nopython": True, "error_model": "numpy"})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NumbaWarning)
        made.compile()
    return made._wrapper_name, made._library._get_compiled_object()


_said: list[str] = []
