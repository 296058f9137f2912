"""The machine code of kernels: where it comes from, and how it is loaded.

It comes from disk, where a process before has left it. Else from the LLVM code that is shipped beside the kernels:
that is numba's, before it was optimized for a processor. Where that does not fit, numba compiles as it does elsewhere.
To load from disk takes a millisecond, from LLVM code tenths of a second, and with numba seconds.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import io
import lzma
import os
import platform
import tarfile
import threading
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm
from llvmlite import __version__ as llvmlite_version

from .store import kept

SHIPPED = Path(__file__).with_name("shipped.tar.xz")
"""The LLVM code of each kernel, and under `sources` what it was made from."""


def _digest(*left_out: str) -> str:
    files = sorted(p for p in Path(__file__).parent.glob("*.py") if p.stem not in left_out)
    return hashlib.sha256(b"".join(p.read_bytes() for p in files)).hexdigest()


SOURCES = _digest("catalogue", "native", "store")
"""The digest of all that the LLVM code is made from."""

_SETTINGS = sorted(
    f"{name}={x}" for name, x in os.environ.items()
    if name.startswith("NUMBA_") and name not in ("NUMBA_CACHE_DIR", "NUMBA_NUM_THREADS")
)  # fmt: skip
"""Wishes of the user for what numba compiles."""

_lock = threading.Lock()


def load(name: str, dtype: str, extra: str) -> int:
    """Return the address of a kernel."""
    if os.environ.get("NUMBA_DISABLE_JIT", "0") != "0":
        raise RuntimeError("NUMBA_DISABLE_JIT=1 turns off the compiler that programs need: unset it, or run eagerly")
    full_name = "_".join(filter(None, (name, dtype, extra)))
    with _lock:
        engine, machine, processor = _engine()
        payload = kept(f"{full_name}.{processor}", _release(), lambda: _made(full_name, name, dtype, extra, machine))
        symbol, _, code = payload.partition(b"\0")
        if symbol != full_name.encode():
            from . import generate as generate  # it lends numba's code what that refers to
        engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        engine.finalize_object()
        return engine.get_function_address(symbol.decode())


@functools.cache
def _release() -> bytes:
    """Return what tells this code and its compiler from others."""
    return hashlib.sha256(f"{_digest()} {llvmlite_version}".encode()).digest()


@functools.cache
def _engine() -> tuple[Any, Any, str]:
    """Return what loads code, what makes code for this processor, and a name for this processor and settings."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    processor = {"cpu": llvm.get_host_cpu_name(), "features": llvm.get_host_cpu_features().flatten()}
    reloc = "static" if platform.machine() in ("x86_64", "AMD64") else "default"
    machine = llvm.Target.from_default_triple().create_target_machine(
        **processor, opt=3, reloc=reloc, codemodel="jitdefault", jit=True
    )
    part = hashlib.sha256(f"{processor} {_SETTINGS}".encode()).hexdigest()[:16]
    return llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine), machine, part


def _made(full_name: str, name: str, dtype: str, extra: str, machine: Any) -> bytes:
    """Return the name under which a kernel stands in an object file, a zero byte, and that file."""
    if full_name in _shipped():
        with contextlib.suppress(RuntimeError):  # an older LLVM cannot read it
            return full_name.encode() + b"\0" + _optimized(_shipped()[full_name], machine)
    from .generate import machine_code

    symbol, code = machine_code(name, dtype, extra)
    return symbol.encode() + b"\0" + code


@functools.cache
def _shipped() -> dict[str, bytes]:
    """Return the LLVM code of kernels by name; none where it does not fit the system, the sources or the settings."""
    if _SETTINGS or (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        return {}
    try:
        code = contents()
    except (OSError, lzma.LZMAError, tarfile.TarError):
        return {}
    return code if code.get("sources") == SOURCES.encode() else {}


def contents() -> dict[str, bytes]:
    """Return what the shipped file holds: the LLVM code of each kernel, `sources` and `versions`."""
    content = lzma.decompress(SHIPPED.read_bytes())  # all of it, since tarfile takes an error for an end
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        return {member.name: archive.extractfile(member).read() for member in archive}


def _optimized(code: bytes, machine: Any) -> bytes:
    """Return the object file of LLVM code, with the vectors that this processor has."""
    module = llvm.parse_bitcode(code)
    options = llvm.create_pipeline_tuning_options(3)
    options.loop_vectorization = True
    builder = llvm.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    return machine.emit_object(module)
