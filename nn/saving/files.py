"""Arrays in files: safetensors or npz, never pickle. They are written whole or not at all, and read without trust."""

from __future__ import annotations

import hashlib
import io
import json
import math
import os
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from autograd import files

from ..arguments import optional

PathLike = str | os.PathLike[str]
Arrays = Mapping[str, np.ndarray]

replace = files.replace

HEADER = "chalkgrad.json"
"""The entry that holds what is no array, as JSON: a member of an npz file, metadata of a safetensors file."""

CHECKSUM = "chalkgrad.sha256"
"""Tells whether all is as it was written: metadata of a safetensors file, a comment on an npz file's first entry."""

DTYPES = {np.dtype(kind) for kind in "efdbhilqBHILQ?"}


def pack(path: PathLike, arrays: Arrays, header: str | None = None) -> bytes:
    """Return the content of a file of arrays by name, and a text if there is one: the name says in which form.

    The same arrays give the same bytes.

    Raises:
        ValueError: the name of the file ends neither in `.safetensors` nor in `.npz`, or an array is not of real
            numbers.
        ImportError: safetensors is missing.
    """
    form = form_of(path)
    for name, array in arrays.items():
        if array.dtype.newbyteorder("=") not in DTYPES:
            raise ValueError(f"array {name!r} holds {array.dtype}: a file keeps real numbers of up to 64 bits")
        if zipfile.ZipInfo(name).filename != name or name == "__metadata__":
            raise ValueError(f"no array in a file can be called {name!r:.80}")
    plain = {name: np.array(a, a.dtype.newbyteorder("="), order="C") for name, a in arrays.items()}
    return FORMS[form][0](plain, header)


def read(path: PathLike) -> tuple[dict[str, np.ndarray], str | None]:
    """Read what `pack` gave, or arrays from elsewhere, for which the text is None.

    Nothing in the file is run, and it takes no more memory than ten times the size of the file, or a megabyte.

    Raises:
        ValueError: the file is damaged, or of another kind.
        OSError: there is none, or it may not be read.
        ImportError: safetensors is missing.
    """
    form = form_of(path)
    if os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path):
        raise OSError(f"{os.fspath(path)!r} is a device, a FIFO or a socket: give the name of a file")
    with open(path, "rb"):  # Python's own errors are the clearest
        pass
    try:
        return FORMS[form][1](Path(path))
    except ImportError:
        raise
    except Exception as error:  # there is no end to what a damaged or hostile file makes a reader raise
        reason = str(error) or type(error).__name__
        raise ValueError(f"{os.fspath(path)!r} is no {form[1:]} file, or a damaged one: {reason}") from error


def check(path: PathLike) -> None:
    """Find out before long work whether the name of a file is one that `pack` takes, in a folder that is there.

    Raises:
        ValueError, TypeError: as for `pack`.
        OSError: no file can be written there.
    """
    form_of(path)
    folder = files.place(path).parent
    if os.path.exists(path) and not os.path.isfile(path):
        return  # a device or a FIFO
    if not os.access(folder, os.W_OK):
        raise PermissionError(f"the folder {str(folder)!r} may not be written in: choose another")


def _checksum(arrays: Arrays, header: str | None) -> str:
    """Compute the SHA-256 of all that a file holds: safetensors has none, and zip only one of each member."""
    found = hashlib.sha256(repr(header).encode())
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        found.update(f"{name!r} {array.dtype.str} {arrays[name].shape}".encode())
        found.update(array.data if array.size else b"")
    return found.hexdigest()


def _compare(checksum: str | None, arrays: Arrays, header: str | None) -> None:
    if checksum != _checksum(arrays, header):
        raise ValueError("its content does not fit its checksum: restore it from a copy")


# npz ---------------------------------------------------------------------------------------------------------


def _pack_npz(arrays: Arrays, header: str | None) -> bytes:
    """Make what `np.savez` makes; it could not keep an array called "file", and would write the time."""
    members = {} if header is None else {HEADER: header.encode()}
    for name, array in arrays.items():
        member = io.BytesIO()
        np.lib.format.write_array(member, array, allow_pickle=False)
        members[f"{name}.npy"] = member.getvalue()
    whole, comment = io.BytesIO(), f"{CHECKSUM}={_checksum(arrays, header)}".encode()
    with zipfile.ZipFile(whole, "w") as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)
            info.comment, comment = comment, b""  # in the first one
            archive.writestr(info, content)
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
    if not members:
        raise ValueError("it holds nothing")
    if CHECKSUM.encode() in members[0].comment:
        _compare(members[0].comment.decode().removeprefix(f"{CHECKSUM}="), arrays, header)
    return arrays, header


def _array(name: str, content: bytes) -> np.ndarray:
    """Read one npy file; only after its size has been found right is memory taken."""
    file = io.BytesIO(content)
    form = np.lib.format
    version = form.read_magic(file)
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f"{name!r:.80} is of npy version {version}")
    read_header = form.read_array_header_1_0 if version == (1, 0) else form.read_array_header_2_0
    shape, by_columns, dtype = read_header(file)
    if dtype.newbyteorder("=") not in DTYPES:
        raise ValueError(f"{name!r:.80} holds {dtype}, not real numbers of up to 64 bits")
    if min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize != len(content) - file.tell():
        raise ValueError(f"{name!r:.80} says shape {shape} of {dtype}, and has {len(content) - file.tell()} bytes")
    array = np.frombuffer(content, dtype, offset=file.tell()).reshape(shape, order="F" if by_columns else "C")
    return array.astype(dtype.newbyteorder("="), order="C")


# safetensors -------------------------------------------------------------------------------------------------


def _pack_safetensors(arrays: Arrays, header: str | None) -> bytes:
    metadata = {CHECKSUM: _checksum(arrays, header), **({} if header is None else {HEADER: header})}
    raw = _safetensors().numpy.save(dict(arrays), metadata)
    start = 8 + int.from_bytes(raw[:8], "little")
    text = json.dumps(json.loads(raw[8:start]), sort_keys=True).encode()  # the order of the library changes by itself
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + raw[start:]


def _unpack_safetensors(path: Path) -> tuple[dict[str, np.ndarray], str | None]:
    with _safetensors().safe_open(path, framework="numpy") as file:
        kinds = {name: file.get_slice(name).get_dtype() for name in file.keys()}  # noqa: SIM118 # no mapping
        known = {f"{dtype.kind.upper()}{8 * dtype.itemsize}" for dtype in DTYPES} | {"BOOL"}
        if strange := sorted(set(kinds.values()) - known):
            raise ValueError(f"it holds {', '.join(strange)}, which NumPy has not: write it with float32 or float64")
        arrays, metadata = {name: file.get_tensor(name) for name in kinds}, file.metadata() or {}
    header = metadata.get(HEADER)
    ours = [name for name in metadata if name != HEADER]  # the first version has none, and others have their own
    if CHECKSUM in metadata or (header is not None and ours):
        _compare(metadata.get(CHECKSUM), arrays, header)
    return arrays, header


def _safetensors() -> Any:
    optional("safetensors.numpy", "a .safetensors file", "`pip install safetensors`, or use a file that ends in .npz")
    return sys.modules["safetensors"]


FORMS = {".npz": (_pack_npz, _unpack_npz), ".safetensors": (_pack_safetensors, _unpack_safetensors)}
"""How a file is packed and unpacked, by the end of its name."""


def form_of(path: PathLike) -> str:
    """Return the end of the name of a file, which says its form."""
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"`path` is the name of a file, such as 'model.safetensors', not {path!r:.60}")
    suffix = Path(path).suffix
    if suffix not in FORMS:
        pickles = suffix in (".pt", ".pth", ".pkl", ".pickle", ".bin", ".joblib")
        why = " (a pickle can run any code when it is read, so none is read or written here)" if pickles else ""
        raise ValueError(f"`path` {os.fspath(path)!r} must end in {' or '.join(FORMS)}{why}")
    return suffix
