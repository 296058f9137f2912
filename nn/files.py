"""Arrays in files: safetensors or npz, never pickle. They are written whole or not at all, and read without trust."""

from __future__ import annotations

import io
import math
import os
import secrets
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

__all__ = ["PathLike", "check", "read", "replace", "write"]

PathLike = str | os.PathLike[str]
Arrays = Mapping[str, np.ndarray]

HEADER = "chalkgrad.json"
"""The entry that holds what is no array, as JSON: a member of an npz file, metadata of a safetensors file."""

DTYPES = {np.dtype(kind) for kind in "efdbhilqBHILQ?"}


def write(path: PathLike, arrays: Arrays, header: str | None = None) -> None:
    """Write arrays by name, and a text if there is one, to a file: `.safetensors` or `.npz`, as its name says.

    The same arrays give the same bytes.

    Raises:
        ValueError: the name of the file ends otherwise, or an array is not of real numbers.
        FileNotFoundError: the folder does not exist.
        ImportError: safetensors is missing.
    """
    form = _form(path)
    for name, array in arrays.items():
        if array.dtype.newbyteorder("=") not in DTYPES:
            raise ValueError(f"array {name!r} holds {array.dtype}: a file keeps real numbers of up to 64 bits")
        if zipfile.ZipInfo(name).filename != name or name == "__metadata__":
            raise ValueError(f"no array in a file can be called {name!r:.80}")
    plain = {name: np.array(a, a.dtype.newbyteorder("="), order="C") for name, a in arrays.items()}
    replace(path, form.pack(plain, header))


def read(path: PathLike) -> tuple[dict[str, np.ndarray], str | None]:
    """Read what `write` has written, or arrays from elsewhere, for which the text is None.

    Nothing in the file is run, and it takes no more memory than ten times the size of the file, or a megabyte.

    Raises:
        ValueError: the file is damaged, or of another kind.
        OSError: there is none, or it may not be read.
        ImportError: safetensors is missing.
    """
    form = _form(path)
    with open(path, "rb"):  # Python's own errors are the clearest
        pass
    try:
        return form.unpack(Path(path))
    except ImportError:
        raise
    except Exception as error:  # there is no end to what a damaged or hostile file makes a reader raise
        reason = str(error) or type(error).__name__
        raise ValueError(f"{os.fspath(path)!r} is no {form.name} file, or a damaged one: {reason}") from error


def replace(path: PathLike, content: bytes) -> None:
    """Put `content` into a file so that at any moment there is the old file or the new one, and nothing between.

    It is written beside the file, brought to the disk, and then renamed. A process that is killed may leave the
    file beside it behind, whose name starts with a dot and ends in `.tmp`.
    """
    target = _place(path)
    beside = target.with_name(f".{target.name[:100]}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        with open(beside, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    if os.name == "posix":  # the new name has to reach the disk as well
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def check(path: PathLike) -> None:
    """Find out before long work whether the name of a file is one that `write` takes, in a folder that is there.

    Raises:
        ValueError, TypeError, OSError: as for `write`.
    """
    _form(path)
    folder = _place(path).parent
    if not os.access(folder, os.W_OK):
        raise PermissionError(f"the folder {str(folder)!r} may not be written in: choose another")


def _place(path: PathLike) -> Path:
    target = Path(os.path.realpath(path))  # through a link, which stays
    if not target.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {str(target.parent)!r} to write {target.name!r} in: make it first")
    if target.is_dir():
        raise IsADirectoryError(f"{str(target)!r} is a folder: give the name of a file")
    return target


# npz ---------------------------------------------------------------------------------------------------------


def _pack_npz(arrays: Arrays, header: str | None) -> bytes:
    """Make what `np.savez` makes; it could not keep an array called "file", and would write the time."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        if header is not None:
            archive.writestr(zipfile.ZipInfo(HEADER), header)
        for name, array in arrays.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, array, allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), member.getvalue())
    return whole.getvalue()


def _unpack_npz(path: Path) -> tuple[dict[str, np.ndarray], str | None]:
    arrays, header = {}, None
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        if len({member.filename for member in members}) < len(members):
            raise ValueError("two members have one name")
        size, unpacked = path.stat().st_size, sum(member.file_size for member in members)
        if unpacked > max(10 * size, 2**20):
            raise ValueError(f"its {size} bytes unpack to {unpacked}: if you trust it, write it anew with `np.savez`")
        for member in members:
            if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):  # others unpack without bounds
                raise ValueError(f"its member {member.filename!r:.80} is packed in a way that `np.savez` has not")
            with archive.open(member) as packed:
                content = packed.read(member.file_size)  # with a size: else a member that lies unpacks to 2 GB
                if packed.read(1) or len(content) != member.file_size:
                    raise ValueError(f"its member {member.filename!r:.80} is not of the size that it says")
            if member.filename == HEADER:
                header = content.decode()
            elif member.filename.endswith(".npy"):
                arrays[member.filename.removesuffix(".npy")] = _array(member.filename, content)
            else:
                raise ValueError(f"its member {member.filename!r:.80} is no array")
    return arrays, header


def _array(name: str, content: bytes) -> np.ndarray:
    """Read one npy file; only after its size has been found right is memory taken."""
    file = io.BytesIO(content)
    version = np.lib.format.read_magic(file)
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f"{name!r:.80} is of npy version {version}")
    first = version == (1, 0)
    shape, by_columns, dtype = (
        np.lib.format.read_array_header_1_0(file) if first else np.lib.format.read_array_header_2_0(file)
    )
    if dtype.newbyteorder("=") not in DTYPES:
        raise ValueError(f"{name!r:.80} holds {dtype}, not real numbers of up to 64 bits")
    if min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize != len(content) - file.tell():
        raise ValueError(f"{name!r:.80} says shape {shape} of {dtype}, and has {len(content) - file.tell()} bytes")
    array = np.frombuffer(content, dtype, offset=file.tell()).reshape(shape, order="F" if by_columns else "C")
    return array.astype(dtype.newbyteorder("="), order="C")


# safetensors -------------------------------------------------------------------------------------------------


def _pack_safetensors(arrays: Arrays, header: str | None) -> bytes:
    return _safetensors().numpy.save(dict(arrays), None if header is None else {HEADER: header})


def _unpack_safetensors(path: Path) -> tuple[dict[str, np.ndarray], str | None]:
    with _safetensors().safe_open(path, framework="numpy") as file:
        kinds = {name: file.get_slice(name).get_dtype() for name in file.keys()}  # noqa: SIM118 # no mapping
        known = {f"{dtype.kind.upper()}{8 * dtype.itemsize}" for dtype in DTYPES} | {"BOOL"}
        if strange := sorted(set(kinds.values()) - known):
            raise ValueError(f"it holds {', '.join(strange)}, which NumPy has not: write it with float32 or float64")
        return {name: file.get_tensor(name) for name in kinds}, (file.metadata() or {}).get(HEADER)


def _safetensors() -> Any:
    try:
        import safetensors.numpy
    except ImportError:
        raise ImportError(
            'a .safetensors file needs safetensors, which is missing: pip install "chalkgrad[save]", '
            "or use a file that ends in .npz"
        ) from None
    return safetensors


class _Form(NamedTuple):
    name: str
    pack: Callable[[Arrays, str | None], bytes]
    unpack: Callable[[Path], tuple[dict[str, np.ndarray], str | None]]


FORMS = {
    ".npz": _Form("npz", _pack_npz, _unpack_npz),
    ".safetensors": _Form("safetensors", _pack_safetensors, _unpack_safetensors),
}


def _form(path: PathLike) -> _Form:
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"`path` is the name of a file, such as 'model.safetensors', not {path!r:.60}")
    suffix = Path(path).suffix
    if suffix not in FORMS:
        pickles = suffix in (".pt", ".pth", ".pkl", ".pickle", ".bin", ".joblib")
        why = " (a pickle can run any code when it is read, so none is read or written here)" if pickles else ""
        raise ValueError(f"`path` {os.fspath(path)!r} must end in {' or '.join(FORMS)}{why}")
    return FORMS[suffix]
