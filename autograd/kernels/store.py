"""Compiled kernels on disk: one file for each, which carries a digest, since damaged machine code crashes the process.

The digest stands in the file itself, so that both are replaced at once, whatever other processes write. The name holds
the signature, the processor and the code, so that machines that share a folder share no file.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle
import uuid
import warnings
from pathlib import Path
from typing import Any

import llvmlite
import numba
from numba.core.caching import FunctionCache
from numba.core.runtime import rtsys
from numba.core.serialize import dumps

_DIGEST = 32  # bytes of a SHA-256


def read(path: Path, release: bytes) -> bytes | None:
    """Return what `write` has put into a file; None if there is none, or that of another release.

    Raises:
        ValueError: the file is damaged.
    """
    try:
        content = path.read_bytes()
    except OSError:
        return None
    found, digest, payload = content[:_DIGEST], content[_DIGEST : 2 * _DIGEST], content[2 * _DIGEST :]
    if hashlib.sha256(found + payload).digest() != digest:
        raise ValueError(f"{path} is damaged")
    return payload if found == release else None


def write(path: Path, release: bytes, payload: bytes) -> None:
    """Replace a file as a whole, by bytes that belong to a release: 32 bytes that tell it from others."""
    draft = path.with_name(f"{path.name}.{uuid.uuid4().hex[:16]}")
    try:
        draft.write_bytes(release + hashlib.sha256(release + payload).digest() + payload)
        os.replace(draft, path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


class KernelCache(FunctionCache):
    """numba's cache of a function, kept by `read` and `write`. What goes wrong on disk costs one warning."""

    def __init__(self, kernel: Any, version: int) -> None:
        super().__init__(kernel)
        self._release = hashlib.sha256(f"{numba.__version__} {llvmlite.__version__} {version}".encode()).digest()
        self._cache_file = self  # which numba asks to load and to save

    def _place(self, key: Any) -> Path:
        part = hashlib.sha256(repr(key).encode()).hexdigest()[:16]
        return Path(self.cache_path, f"{self._impl.filename_base}.{part}.nbc")

    def load(self, key: Any) -> Any:
        payload = read(self._place(key), self._release)
        return None if payload is None else pickle.loads(payload)

    def save(self, key: Any, data: Any) -> None:
        write(self._place(key), self._release, dumps(data))
        for old in Path(self.cache_path).glob(f"{self._impl.filename_base}.*.nbc"):
            with contextlib.suppress(FileNotFoundError), old.open("rb") as file:  # another process may be quicker
                if file.read(_DIGEST) != self._release:
                    old.unlink(missing_ok=True)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return the compiled kernel; None if it has to be compiled."""
        try:
            # numba's own `load_overload` registers all that it can compile: that takes longer than to load all kernels
            rtsys.initialize(target_context)  # what machine code may refer to
            return self._load_overload(sig, target_context)
        except Exception as error:
            _warn_once("damaged", f"compiled kernels on disk are damaged, and compiled anew ({error!s:.200})")
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep a compiled kernel."""
        try:
            super().save_overload(sig, data)
        except Exception as error:
            cannot_keep(error)


def cannot_keep(error: Exception) -> None:
    """Say once that kernels cannot be written to disk."""
    _warn_once(
        "kept",
        f"compiled kernels cannot be kept on disk, so they are compiled in each process ({error!s:.200}); "
        "set NUMBA_CACHE_DIR to a folder that can be written",
    )


_said: set[str] = set()


def _warn_once(kind: str, text: str) -> None:
    if kind not in _said:
        _said.add(kind)
        warnings.warn(text, RuntimeWarning, stacklevel=2)
