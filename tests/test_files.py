"""Arrays in files: what comes back, what a damaged or hostile file does, and what is left after a kill."""

from __future__ import annotations

import io
import json
import os
import socket
import stat
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nn.saving.files import FORMS, HEADER, check, pack, read, replace


def write(path: Any, arrays: Any, header: str | None = None) -> None:
    replace(path, pack(path, arrays, header))


RNG = np.random.default_rng(0)
ARRAYS: dict[str, np.ndarray] = {
    "0.weight": RNG.normal(size=(2, 3)),
    "file": RNG.normal(size=3).astype(np.float32),  # a name that np.savez cannot take
    "a.b/c-ü": np.arange(4, dtype=np.int64),
    "single": np.array(2.5),
    "none": np.zeros((0, 3)),
    "columns": np.asfortranarray(RNG.normal(size=(3, 2))),
    "strided": RNG.normal(size=(6, 6))[::2, ::3],
    "flags": np.array([True, False]),
    "half": np.array([0.5], np.float16),
}


@pytest.fixture(params=sorted(FORMS))
def path(request: Any, tmp_path: Path) -> Path:
    return tmp_path / f"arrays{request.param}"


def safetensors_of(header: Any, data: bytes = b"") -> bytes:
    text = (header if isinstance(header, str) else json.dumps(header)).encode()
    return struct.pack("<Q", len(text)) + text + data


def npz_of(members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return whole.getvalue()


def npy_of(header: str, data: bytes = b"") -> bytes:
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header) + 1) + header.encode() + b"\n" + data


def saved_by_numpy(**arrays: Any) -> bytes:
    whole = io.BytesIO()
    np.savez(whole, **arrays)
    return whole.getvalue()


# -- what comes back --


def test_arrays_come_back_to_the_bit(path: Path) -> None:
    write(path, ARRAYS, '{"ü": 1}')
    arrays, header = read(path)
    assert header == '{"ü": 1}' and set(arrays) == set(ARRAYS)
    for name, array in ARRAYS.items():
        assert arrays[name].dtype == array.dtype and arrays[name].shape == array.shape
        assert arrays[name].tobytes() == array.tobytes() and arrays[name].flags.writeable


def test_byte_order_is_turned_to_that_of_the_machine(path: Path) -> None:
    write(path, {"x": np.array([1.0, 2.0], ">f8")})
    assert read(path)[0]["x"].tolist() == [1.0, 2.0] and read(path)[0]["x"].dtype.isnative


def test_equal_arrays_give_equal_bytes(path: Path) -> None:
    write(path, ARRAYS)
    first = path.read_bytes()
    write(path, {name: array.copy() for name, array in ARRAYS.items()})
    assert path.read_bytes() == first


def test_other_programs_read_and_write_the_same_files(tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    write(tmp_path / "a.npz", ARRAYS)
    with np.load(tmp_path / "a.npz", allow_pickle=False) as archive:
        assert all(np.array_equal(archive[name], array) for name, array in ARRAYS.items())
    write(tmp_path / "a.safetensors", ARRAYS)
    assert all(np.array_equal(load_file(tmp_path / "a.safetensors")[name], array) for name, array in ARRAYS.items())
    np.savez_compressed(tmp_path / "b.npz", x=np.arange(3.0), y=np.array([1], ">i4"))
    save_file({"x": np.arange(3.0), "y": np.array([1])}, tmp_path / "b.safetensors")
    for suffix in FORMS:
        arrays, header = read(tmp_path / f"b{suffix}")
        assert header is None and arrays["x"].tolist() == [0.0, 1.0, 2.0] and arrays["y"].tolist() == [1]


@pytest.mark.parametrize("array", [np.array(["a"]), np.array([None]), np.array([1j]), np.array([1], np.longdouble)])
def test_what_is_no_real_number_is_not_written(path: Path, array: Any) -> None:
    with pytest.raises(ValueError, match="array 'x' holds"):
        write(path, {"x": array})
    assert not path.exists()


# -- names of files --


@pytest.mark.parametrize("name", ["model", "model.pt", "model.pkl", "model.NPZ2", ""])
def test_another_ending_is_refused(tmp_path: Path, name: str) -> None:
    for call in (read, lambda path: write(path, ARRAYS)):
        with pytest.raises(ValueError, match=r"must end in \.npz or \.safetensors"):
            call(name)
    if name.endswith((".pt", ".pkl")):
        with pytest.raises(ValueError, match="run any code"):
            read(name)


def test_wrong_places_are_named(path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="arrays"):
        read(path)
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*nowhere"):
        write(path.parent / "nowhere" / path.name, ARRAYS)
    path.mkdir()
    with pytest.raises(IsADirectoryError):
        read(path)
    with pytest.raises(IsADirectoryError, match="is a folder"):
        write(path, ARRAYS)
    for wrong in (3, None, b"x.npz"):
        with pytest.raises(TypeError, match="`path` is the name of a file"):
            read(wrong)  # type: ignore[arg-type]


# -- damaged and hostile files --

HUGE = '{"a":{"dtype":"F64","shape":[%d],"data_offsets":[0,%d]}}'
F8 = "{'descr': '<f8', 'fortran_order': False, 'shape': %s}"
ONE = '{"dtype":"F64","shape":[1],"data_offsets":[%d,%d]}'

HOSTILE: dict[str, tuple[str, bytes]] = {
    "empty": (".npz", b""),
    "empty too": (".safetensors", b""),
    "foreign": (".npz", safetensors_of({})),
    "foreign too": (".safetensors", npz_of({})),
    "objects": (".npz", saved_by_numpy(x=np.array([{"a": 1}, None]))),
    "texts": (".npz", saved_by_numpy(x=np.array(["a", "b"]))),
    "complex numbers": (".npz", saved_by_numpy(x=np.array([1j]))),
    "long doubles": (".npz", saved_by_numpy(x=np.zeros(2, np.longdouble))),
    "records": (".npz", saved_by_numpy(x=np.zeros(2, [("a", "f8"), ("b", "f8")]))),
    "no array": (".npz", npz_of({"x.txt": b"hello"})),
    "a pickle under the name of an array": (".npz", npz_of({"x.npy": b"cos\nsystem\n(S'true'\ntR."})),
    "a bomb": (".npz", npz_of({"x.npy": bytes(10**8)}, zipfile.ZIP_DEFLATED)),
    "a header that is a bomb": (".npz", npz_of({HEADER: b"[" * 10**8}, zipfile.ZIP_DEFLATED)),
    "a header that is no text": (".npz", npz_of({HEADER: b"\xff\xfe"})),
    "a shape larger than the data": (".npz", npz_of({"x.npy": npy_of(F8 % "(1000000000000,)", bytes(8))})),
    "a shape that overflows": (".npz", npz_of({"x.npy": npy_of(F8 % "(4294967296, 4294967296)", b"")})),
    "a negative shape": (".npz", npz_of({"x.npy": npy_of(F8 % "(-1, -1)", bytes(8))})),
    "more data than the shape": (".npz", npz_of({"x.npy": npy_of(F8 % "(1,)", bytes(16))})),
    "code for a header": (".npz", npz_of({"x.npy": npy_of("__import__('os').system('true')")})),
    "deep brackets": (".npz", npz_of({"x.npy": npy_of("(" * 5000)})),
    "a long npy header": (".npz", npz_of({"x.npy": npy_of(" " * 60000 + F8 % "(1,)", bytes(8))})),
    "npy of version 3": (".npz", npz_of({"x.npy": b"\x93NUMPY\x03\x00" + bytes(100)})),
    "a shape larger than the file": (".safetensors", safetensors_of(HUGE % (10**12, 8 * 10**12), bytes(8))),
    "a size that overflows": (".safetensors", safetensors_of(HUGE % (2**63, 8), bytes(8))),
    "a header of 2^63 bytes": (".safetensors", struct.pack("<Q", 2**63) + b"{}"),
    "a header of 90 MB that is not there": (".safetensors", struct.pack("<Q", 90_000_000) + b"{}"),
    "deep brackets too": (".safetensors", safetensors_of("[" * 100_000)),
    "a name twice": (
        ".safetensors",
        safetensors_of(f'{{"a":{ONE % (0, 8)},"a":{ONE % (8, 16)}}}', bytes(16)),
    ),
    "arrays that overlap": (".safetensors", safetensors_of(f'{{"a":{ONE % (0, 8)},"b":{ONE % (0, 8)}}}', bytes(8))),
    "a hole": (".safetensors", safetensors_of(f'{{"a":{ONE % (8, 16)}}}', bytes(16))),
    "a tail": (".safetensors", safetensors_of(f'{{"a":{ONE % (0, 8)}}}', bytes(16))),
    "bfloat16": (
        ".safetensors",
        safetensors_of({"a": {"dtype": "BF16", "shape": [4], "data_offsets": [0, 8]}}, bytes(8)),
    ),
    "no numbers": (".safetensors", safetensors_of({"__metadata__": {HEADER: 3}})),
    "NumPy's limit": (
        ".safetensors",
        safetensors_of({"a": {"dtype": "F64", "shape": [1] * 100, "data_offsets": [0, 8]}}, bytes(8)),
    ),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_file_is_refused_in_words(tmp_path: Path, case: str) -> None:
    suffix, content = HOSTILE[case]
    path = tmp_path / f"x{suffix}"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"is no (npz|safetensors) file, or a damaged one: \S"):
        read(path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_twice_in_an_archive_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        for _ in range(2):
            archive.writestr("x.npy", npy_of(F8 % "(1,)", bytes(8)))
    with pytest.raises(ValueError, match="two members have one name"):
        read(tmp_path / "x.npz")


def test_members_that_lie_about_their_size_are_refused(tmp_path: Path) -> None:
    """The directory says 100 bytes, and the data unpack to a hundred million."""
    packed = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = packed.compress(bytes(10**8)) + packed.flush()
    info = struct.pack("<5H3L2H", 20, 0, 8, 0, 33, zlib.crc32(bytes(100)), len(data), 100, 5, 0)
    local = b"PK\3\4" + info + b"x.npy" + data
    central = b"PK\1\2" + struct.pack("<H", 20) + info + struct.pack("<3H2L", 0, 0, 0, 0, 0) + b"x.npy"
    end = b"PK\5\6" + struct.pack("<4H2LH", 0, 0, 1, 1, len(central), len(local), 0)
    (tmp_path / "x.npz").write_bytes(local + central + end)
    with zipfile.ZipFile(tmp_path / "x.npz") as archive:
        assert archive.infolist()[0].file_size == 100
    with pytest.raises(ValueError, match="damaged"):
        read(tmp_path / "x.npz")


def test_every_truncation_is_refused(path: Path) -> None:
    write(path, {"0.weight": np.ones((2, 3)), "0.bias": np.ones(3)}, '{"format": "chalkgrad"}')
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match="damaged"):
            read(path)


def test_every_changed_byte_is_refused_or_read(path: Path) -> None:
    """No byte makes anything but a ValueError; npz has a check sum, and notices each change in an array."""
    arrays = {"0.weight": np.ones((2, 3)), "0.bias": np.ones(3)}
    write(path, arrays, '{"format": "chalkgrad"}')
    whole = path.read_bytes()
    noticed = 0
    for place in range(len(whole)):
        for flip in (1, 0x80, 0xFF):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ flip]) + whole[place + 1 :])
            try:
                found, _ = read(path)
            except ValueError:
                noticed += 1
                continue
            if path.suffix == ".npz":
                assert all(np.array_equal(array, arrays[name]) for name, array in found.items() if name in arrays)
    assert noticed > len(whole) / 2


def test_random_bytes_are_refused(path: Path) -> None:
    rng = np.random.default_rng(1)
    starts = {".npz": [b"", b"PK\3\4", b"PK\5\6"], ".safetensors": [b"", struct.pack("<Q", 16), safetensors_of("{")]}
    for trial in range(300):
        start = starts[path.suffix][trial % 3]
        path.write_bytes(start + rng.bytes(int(rng.integers(200))))
        with pytest.raises(ValueError, match="damaged"):
            read(path)


# -- writing whole or not at all --


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_in_is_found_beforehand(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(PermissionError, match="may not be written in"):
        check(tmp_path / "x.npz")


def test_a_name_is_checked_as_it_is_for_writing(tmp_path: Path) -> None:
    check(tmp_path / "x.npz")
    assert not os.listdir(tmp_path)
    for path, error in ((tmp_path / "x.pt", ValueError), (tmp_path / "no" / "x.npz", OSError), (3, TypeError)):
        with pytest.raises(error):
            check(path)  # type: ignore[arg-type]


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: Any) -> None:
    target = tmp_path / "x.npz"
    replace(target, b"old")
    for name in ("fsync", "replace"):
        with monkeypatch.context() as patch:

            def fail(*_: Any) -> None:
                raise OSError(28, "No space left on device")

            patch.setattr(os, name, fail)
            with pytest.raises(OSError, match="No space left"):
                replace(target, b"new")
        assert target.read_bytes() == b"old" and os.listdir(tmp_path) == ["x.npz"]


@pytest.mark.skipif(os.name != "posix", reason="rights and links as POSIX has them")
def test_rights_are_the_usual_ones_and_links_stay(tmp_path: Path) -> None:
    mask = os.umask(0o022)
    try:
        replace(tmp_path / "x", b"1")
    finally:
        os.umask(mask)
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == 0o644
    (tmp_path / "link").symlink_to("x")
    replace(tmp_path / "link", b"2")
    assert (tmp_path / "link").is_symlink() and (tmp_path / "x").read_bytes() == b"2"


@pytest.mark.skipif(os.name != "posix", reason="rights and links as POSIX has them")
def test_mode_and_owner_of_the_old_file_are_kept(tmp_path: Path) -> None:
    target = tmp_path / "x.npz"
    for mode in (0o600, 0o640, 0o755):
        replace(target, b"1")
        target.chmod(mode)
        write(target, {"x": np.ones(1)})
        assert stat.S_IMODE(target.stat().st_mode) == mode
    if os.geteuid() == 0:
        os.chown(target, 1234, 4321)
        replace(target, b"2")
        assert (target.stat().st_uid, target.stat().st_gid) == (1234, 4321)
    else:
        target.chmod(0o444)
        with pytest.raises(PermissionError, match="write-protected"):
            replace(target, b"3")
    assert os.listdir(tmp_path) == ["x.npz"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="FIFOs as POSIX has them")
def test_what_is_no_file_is_written_to_or_refused_and_never_replaced(tmp_path: Path) -> None:
    fifo, plug, link = tmp_path / "f.npz", tmp_path / "s.npz", tmp_path / "null.npz"
    os.mkfifo(fifo)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(plug))
        for path in (fifo, plug):
            with pytest.raises(OSError, match="nobody reads"):
                write(path, {"x": np.ones(1)})
            with pytest.raises(OSError, match="a FIFO or a socket"):
                read(path)
    assert stat.S_ISFIFO(fifo.stat().st_mode) and stat.S_ISSOCK(plug.stat().st_mode)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    check(fifo)
    replace(fifo, b"content")
    assert os.read(reader, 100) == b"content" and stat.S_ISFIFO(fifo.stat().st_mode)
    os.close(reader)
    link.symlink_to("/dev/null")
    replace(link, b"gone")
    assert link.is_symlink() and stat.S_ISCHR(os.stat("/dev/null").st_mode)
    assert sorted(os.listdir(tmp_path)) == ["f.npz", "null.npz", "s.npz"]


@pytest.mark.parametrize("bits", [0x01, 0x20, 0xFF])
def test_a_damaged_byte_is_noticed_wherever_it_is(path: Path, bits: int) -> None:
    write(path, {"0.weight": np.arange(3.0), "n": np.array(2, np.float32)}, '{"a": "some text"}')
    whole, refused = path.read_bytes(), 0
    expected, header = read(path)
    for i in range(len(whole)):
        path.write_bytes(whole[:i] + bytes([whole[i] ^ bits]) + whole[i + 1 :])
        try:
            arrays, text = read(path)
        except ValueError:
            refused += 1
            continue
        assert text == header and list(arrays) == list(expected), i
        assert all(arrays[k].tobytes() == x.tobytes() and arrays[k].dtype == x.dtype for k, x in expected.items()), i
    assert refused > len(whole) / 2


def test_files_without_a_checksum_of_ours_are_read(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    path = tmp_path / "x.safetensors"
    save_file({"x": np.arange(3.0)}, path, {"format": "np"})
    assert read(path)[0]["x"].tolist() == [0.0, 1.0, 2.0]
    save_file({"x": np.arange(3.0)}, path, {HEADER: "{}"})  # as the first version wrote it
    assert read(path)[1] == "{}"
    save_file({"x": np.arange(3.0)}, path, {HEADER: "{}", "chalkgrad.sha255": "0"})
    with pytest.raises(ValueError, match="checksum"):
        read(path)
