"""How a kernel is made: the one numba decorator, and what kernels need to reach memory by its address.

A kernel is a function of operands: addresses of arrays, sizes, strides in elements. It gives 0, or another number to
stop the program. An instruction is a list of 64-bit words: the address of the kernel, its length, and the
operands. The machine calls a kernel with the address of its instruction, so that all kernels look alike to it; the
function that unpacks the words is written by `generate`.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter, Signature, isfunction
from typing import Any

from llvmlite import ir
from numba import carray, types
from numba.core import cgutils
from numba.extending import intrinsic, overload, register_jitable

from . import formulas

kernel = register_jitable(forceinline=True)
"""Decorates the function of a kernel: of compile-time constants (a formula, a dtype), and then its operands."""

for _function in filter(isfunction, vars(formulas).values()):
    if _function.__module__ == formulas.__name__ and _function is not formulas.fused:
        kernel(_function)

OPEN = 1 << 40
"""The length of a view whose end its kernel does not know: of the others, NUMBA_BOUNDSCHECK=1 checks each index."""


_LLVM = {
    types.int32: ir.IntType(32), types.int64: ir.IntType(64), types.float64: ir.DoubleType(), types.void: ir.VoidType()
}  # fmt: skip
"""From the types of numba to those of LLVM."""


def written(result: Any, *operands: Any) -> Callable[[Callable[..., Any]], Any]:
    """Decorate a function that writes LLVM code, given its builder and operands of these types, for use in kernels."""

    def decorate(write: Callable[..., Any]) -> Any:
        def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            made = write(builder, *args)
            return context.get_dummy_value() if result is types.void else made

        def typed(*_: Any) -> Any:
            return result(*operands), code

        names = "context", *(f"operand_{i}" for i in range(len(operands)))
        typed.__signature__ = Signature([Parameter(x, Parameter.POSITIONAL_OR_KEYWORD) for x in names])  # type: ignore[attr-defined]
        return intrinsic(typed)

    return decorate


def function_at(result: Any, *operands: Any) -> Any:
    """Return what calls a native function of these types, given its address and its operands."""
    kind = ir.FunctionType(_LLVM[result], [_LLVM[x] for x in operands]).as_pointer()

    @written(result, types.int64, *operands)
    def call(builder: Any, address: Any, *xs: Any) -> Any:
        return builder.call(builder.inttoptr(address, kind), xs)

    return call


@written(types.voidptr, types.int64)
def _pointer(builder: Any, address: Any) -> Any:
    return builder.inttoptr(address, ir.IntType(8).as_pointer())


@intrinsic
def size_of(typing_context: Any, dtype: Any) -> Any:
    """Return the bytes of a number."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return ir.Constant(ir.IntType(64), context.get_abi_sizeof(context.get_data_type(dtype.instance_type)))

    return types.int64(dtype), code


@register_jitable
def view(address, n, dtype, first=0):
    """See the `n` numbers from number `first` at an address on as an array."""
    return carray(_pointer(address + first * size_of(dtype)), (n,), dtype)


@intrinsic(prefer_literal=True)
def words(typing_context: Any, address: Any, n: Any) -> Any:
    """Read `n` 64-bit words as a tuple; `n` is a literal."""
    row = types.UniTuple(types.int64, n.literal_value)

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        word = ir.IntType(64)
        start = builder.inttoptr(args[0], word.as_pointer())
        loaded = [builder.load(builder.gep(start, [ir.Constant(word, i)])) for i in range(n.literal_value)]
        return context.make_tuple(builder, signature.return_type, loaded)

    return row(types.int64, n), code


@written(types.float64, types.float64, types.float64, types.float64)
def _fused(builder: Any, *xyz: Any) -> Any:
    kind = ir.FunctionType(ir.DoubleType(), [ir.DoubleType()] * 3)
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, "llvm.fmuladd.f64"), xyz)


@overload(formulas.fused, inline="always")
def _fused_by_numba(x, y, z):
    return lambda x, y, z: _fused(x, y, z)
