"""Write files atomically: after a failure, the old file is unchanged."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

PathLike = str | os.PathLike[str]


def replace(path: PathLike, content: bytes) -> None:
    """Replace a file by `content`. At any moment the path has the complete old file or the complete new file.

    The function writes a temporary file in the same folder, syncs it to the disk, and renames it. A killed process may
    leave this file, whose name starts with a dot and ends in `.tmp`. If `path` is a symbolic link, its target is
    replaced. The new file has the mode and the owner of the old file. A device or a FIFO is written to directly.

    Raises:
        OSError: the file cannot be written. For example, the folder does not exist; `path` is a folder, a socket, or a
            FIFO without a reader; the file is write-protected, or its owner cannot be kept.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     replace(f"{folder}/notes.txt", b"done")
    ...     Path(folder, "notes.txt").read_text()
    'done'
    """
    target = place(path)
    try:
        old = os.stat(path)
    except FileNotFoundError:
        old = None
    if old is not None and not stat.S_ISREG(old.st_mode):
        _write_into(path, content)
        return
    if old is not None and not os.access(target, os.W_OK):
        raise PermissionError(f"the file {str(target)!r} is write-protected: make it writable, or choose another")
    beside = target.with_name(f".{target.name[:100]}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0),
                     0o666 if old is None else 0o600)  # fmt: skip
    try:
        with os.fdopen(handle, "wb") as file:
            if old is not None:
                _take_after(beside, old)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    if os.name == "posix":  # sync the new name to the disk as well
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def place(path: PathLike) -> Path:
    """Return the path of the file to write: `path`, or the target if it is a symbolic link.

    Raises:
        OSError: the folder does not exist, or `path` is a folder itself.
    """
    target = Path(os.path.realpath(path))
    if os.path.exists(path) and not os.path.isdir(path):
        return target
    if not target.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {str(target.parent)!r} to write {target.name!r} in: make it first")
    if target.is_dir():
        raise IsADirectoryError(f"{str(target)!r} is a folder: give the name of a file")
    return target


def _write_into(path: PathLike, content: bytes) -> None:
    """Write to a device or a FIFO. Raise if a FIFO has no reader."""
    try:
        handle = os.open(path, os.O_WRONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0))
    except OSError as error:
        what = "is no file, and nobody reads what is written to it: start the reader first, or choose a file"
        raise OSError(error.errno, f"{what} ({error.strerror})", os.fspath(path)) from None
    if hasattr(os, "set_blocking"):
        os.set_blocking(handle, True)
    with os.fdopen(handle, "wb") as file:
        file.write(content)


def _take_after(path: Path, old: os.stat_result) -> None:
    """Give a new file the owner and the mode of the file that it replaces."""
    own = os.stat(path)
    if os.name == "posix" and (own.st_uid, own.st_gid) != (old.st_uid, old.st_gid):
        try:
            os.chown(path, old.st_uid, old.st_gid)
        except PermissionError:
            raise PermissionError(
                f"the file that {path.name!r} was to replace belongs to another user or group, which cannot be kept: "
                "choose another file"
            ) from None
    os.chmod(path, stat.S_IMODE(old.st_mode))
