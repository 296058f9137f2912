"""Compiled kernels on disk: one file for each, which carries a digest, since damaged machine code crashes the process.

The digest stands in the file itself, so that both are replaced at once, whatever other processes write. The name holds
the processor, so that machines that share a folder share no file.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import tempfile
import uuid
import warnings
from collections.abc import Callable
from pathlib import Path

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


def kept(name: str, release: bytes, make: Callable[[], bytes]) -> bytes:
    """Return what stands on disk under a name, or what `make` gives, and keep that. What goes wrong costs a warning."""
    path = payload = None
    try:
        path = folder() / f"{name}.nbc"
        payload = read(path, release)
    except ValueError as error:
        _warn_once("damaged", f"compiled kernels on disk are damaged, and compiled anew ({error!s:.200})")
    except Exception as error:
        cannot_keep(error)
    if payload is None:
        payload = make()
        try:
            if path is not None:
                write(path, release, payload)
        except Exception as error:
            cannot_keep(error)
    return payload


@functools.cache
def folder() -> Path:
    """Return the first folder that can be written: that of `NUMBA_CACHE_DIR`, beside the sources, or the user's."""
    here, own = Path(__file__).parent, f"chalkgrad-{hashlib.sha256(__file__.encode()).hexdigest()[:16]}"
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    for place in (chosen and Path(chosen, own), here / "__pycache__", Path(os.path.expanduser("~/.cache"), own)):
        with contextlib.suppress(OSError):
            if place:
                place.mkdir(parents=True, exist_ok=True)
                with tempfile.TemporaryFile(dir=place):
                    return place
    raise OSError("no folder can be written")


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
