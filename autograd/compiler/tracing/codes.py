"""The names in code objects, and the classes whose objects can be inspected completely."""

from __future__ import annotations

import collections
import dis
import functools
import re
import sys
import types
from typing import Any

import numpy as np

from .purity import standing

FIRM = (
    types.CodeType, re.Pattern, range, slice, np.dtype, np.ufunc, types.MethodDescriptorType,
    types.WrapperDescriptorType, types.GetSetDescriptorType, types.MemberDescriptorType,
    types.ClassMethodDescriptorType, type(Ellipsis), type(NotImplemented), types.GenericAlias, types.UnionType,
    type(sys.float_info), types.MethodWrapperType, type(np.sum), type(vars(collections.namedtuple("_", "x"))["x"]),
    type(sys.flags), type(sys.version_info),
)  # fmt: skip
HOLDERS = frozenset({
    object, list, dict, tuple, set, frozenset, collections.deque, int, float, complex, str, bytes, bytearray,
    np.ndarray, collections.defaultdict, collections.OrderedDict, Exception, BaseException, types.SimpleNamespace,
    types.MappingProxyType, functools.partial,
})  # fmt: skip
HEAP = 1 << 9  # of the flags of a class: made by a `class` statement, or by a library at run time
_GLOBAL = ("LOAD_GLOBAL", "LOAD_NAME", "STORE_GLOBAL", "DELETE_GLOBAL")
ASKING = frozenset({
    "isinstance", "type", "__class__", "hasattr", "getattr", "callable", "dir", "vars", "except", "singledispatch",
    "requires_grad", "is_leaf", "op", "role", "inputs", "match",
})  # fmt: skip
"""Names by which code may ask what kind of object it has."""
IS_BOOLEAN = "is True"
"""Stands among names for a code that asks whether something is the object True or False."""
MEMO = type(functools.lru_cache(len))


@functools.lru_cache(4096)
def named(code: types.CodeType) -> tuple[frozenset[Any], ...]:
    """Return what a code and the codes inside it name.

    Returns:
        The globals; all names; those of globals and attributes that are not only called; imported modules; the codes.
    """
    reads, names, values, modules, codes = set(), set(code.co_names), set(), set(), {code}
    level, before, is_boolean = 0, "", False
    for step in dis.get_instructions(code):
        if step.opname in _GLOBAL:
            reads.add(step.argval)
        elif step.opname == "LOAD_CONST" and type(step.argval) is int:
            level = step.argval
        elif step.opname == "IS_OP" and is_boolean:
            names.add(IS_BOOLEAN)
        elif step.opname == "MATCH_CLASS":
            names.add("match")
        elif step.opname == "PUSH_EXC_INFO":
            names.add("except")
        elif step.opname == "IMPORT_NAME":
            modules.add((step.argval, level))
        if step.opname in (*_GLOBAL, "LOAD_ATTR") and "NULL" not in step.argrepr and before != "PUSH_NULL":
            values.add(step.argval)
        before, is_boolean = step.opname, type(step.argval) is bool
    for const in code.co_consts:
        if isinstance(const, types.CodeType):
            of_all: list[set[Any]] = [reads, names, values, modules, codes]
            for own, part in zip(of_all, named(const), strict=True):
                own |= part
        elif isinstance(const, str) and len(const) < 100:  # getattr(settings, "rate"), attrgetter("a.b")
            names.update(re.findall(r"\w+", const))
            values.update(const.split("."))
    return tuple(map(frozenset, (reads, names, values, modules, codes)))


def is_users(f: types.FunctionType) -> bool:
    return standing(f.__globals__.get("__name__", "")) == "user"


def is_implied(name: str, part: Any) -> bool:
    """Return whether Python itself may use an attribute of a class, such as `__len__`, that no code names."""
    return name == "__match_args__" or (name[:2] == "__" and (callable(part) or hasattr(type(part), "__get__")))


def is_known(kind: type) -> bool:
    """Return whether all that objects of a class hold can be seen."""
    if kind in HOLDERS or standing(kind.__module__) == "user" or issubclass(kind, BaseException):
        return True
    if kind is MEMO:
        return False
    is_python = bool(kind.__flags__ & HEAP) and not kind.__module__.startswith("numpy.random")
    return is_python and standing(kind.__module__) == "pure" and not hasattr(kind, "__next__")
