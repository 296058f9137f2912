"""Files from strangers: damaged, lying and overgrown ones are refused in words, run nothing, and take little memory."""

from __future__ import annotations

import bz2
import json
import lzma
import os
import pickle
import struct
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nn
from nn.saving.encoding import decode
from nn.saving.files import FORMS, HEADER, pack, read, replace


def write(path: Any, arrays: Any, header: str | None = None) -> None:
    replace(path, pack(path, arrays, header))


pytestmark = pytest.mark.no_cover  # much work on the same lines

X = np.random.default_rng(0).normal(size=(8, 2))
Y = X[:, 0]


@pytest.fixture(params=sorted(FORMS))
def path(request: Any, tmp_path: Path) -> Path:
    return tmp_path / f"training{request.param}"


def train(path: Path, epochs: int = 2, resume: Any = False) -> nn.Module:
    model = nn.Sequential(nn.Linear(2, 2, rng=0), nn.Dropout(0.5, rng=1), nn.Linear(2, 1, rng=2))
    callbacks = [nn.EarlyStopping("loss", patience=9), nn.Checkpoint(path.with_stem("next"))]
    nn.fit(model, X, Y, optimizer=nn.SGD(lr=0.1), epochs=epochs, batch_size=4, callbacks=callbacks, resume=resume,
           rng=3, compiled=False)  # fmt: skip
    return model


def checkpoint(path: Path) -> Path:
    train(path)
    return path.with_stem("next")


def every_reader(path: Path) -> list[Any]:
    """Read a file in each way; what each gave, or the error, which is one that a caller may expect."""
    model = nn.Sequential(nn.Linear(2, 2, rng=0), nn.Dropout(0.5, rng=1), nn.Linear(2, 1, rng=2))
    optimizer, found = nn.SGD(lr=0.1), []
    before = model.state_dict()
    for call in (
        lambda: nn.load(path),
        lambda: nn.restore(model, path, optimizer),
        lambda: train(path, 3, resume=path),
    ):
        try:
            found.append(call())
        except (ValueError, OSError) as error:
            found.append(error)
    assert all(str(thing) for thing in found if isinstance(thing, Exception)), "an error that says nothing"
    if isinstance(found[1], Exception):
        assert all(np.array_equal(before[name], now) for name, now in model.state_dict().items())
    return found


# -- damage --


def test_flipped_bits_and_truncations_are_refused_or_read(path: Path) -> None:
    file = checkpoint(path)
    whole, rng, refused = file.read_bytes(), np.random.default_rng(4), 0
    for trial in range(40):
        content = bytearray(whole)
        if trial % 4 == 0:
            del content[int(rng.integers(len(whole))) :]
        else:
            for place in rng.integers(len(whole) if trial % 2 else 1500, size=int(rng.integers(1, 4))):
                content[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(content)
        refused += any(isinstance(thing, Exception) for thing in every_reader(path))
    assert refused > 20


def parts_of(thing: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Give the places of all that a header holds."""
    pairs = thing.items() if isinstance(thing, dict) else enumerate(thing) if isinstance(thing, list) else ()
    return [place, *(below for key, part in pairs for below in parts_of(part, (*place, key)))]


STRANGERS: list[Any] = [
    None, True, -1, 1.5, 2**70, "x", [], {}, [[]], {"$float": "nan"}, {"$same": 0}, {"$tuple": [1]},
    {"$array": "0.weight"}, {"$generator": {}}, {"$eval": "1"},
]  # fmt: skip


def test_a_stranger_at_any_place_of_a_header_is_refused_or_harmless(tmp_path: Path) -> None:
    file = checkpoint(tmp_path / "a.npz")
    arrays, text = read(file)
    places, rng, refused = parts_of(json.loads(text or "")), np.random.default_rng(5), 0
    for place in rng.permutation(len(places))[:60]:
        header = json.loads(text or "")
        if not places[place]:
            continue
        *above, last = places[place]
        holder = header
        for key in above:
            holder = holder[key]
        if rng.random() < 0.2 and isinstance(holder, dict):
            del holder[last]
        else:
            holder[last] = STRANGERS[int(rng.integers(len(STRANGERS)))]
        write(tmp_path / "b.npz", arrays, json.dumps(header))
        refused += any(isinstance(thing, Exception) for thing in every_reader(tmp_path / "b.npz"))
    assert refused > 30


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.uint8, np.int64, bool])
def test_parameters_of_another_dtype_keep_their_value_or_are_refused(path: Path, dtype: Any) -> None:
    model = nn.Linear(2, 1, rng=0)
    nn.save(model, path)
    arrays, header = read(path)
    write(path, arrays | {"weight": np.ones((2, 1), dtype)}, header)
    if dtype is not bool:
        assert np.asarray(nn.load(path).state_dict()["weight"]).tolist() == [[1.0], [1.0]]
    else:
        with pytest.raises(ValueError, match="'weight' holds bool"):
            nn.load(path)


@pytest.mark.parametrize("place", [-1, -(10**9), 10**9, 2.0, None, [0]])
@pytest.mark.parametrize(("kind", "name"), [("MT19937", "pos"), ("Philox", "buffer_pos")])
def test_a_generator_that_stands_outside_its_numbers_is_refused(kind: str, name: str, place: Any) -> None:
    """NumPy reads its memory there unchecked: drawing a number would end the process."""
    state = getattr(np.random, kind)(1).state
    (state["state"] if kind == "MT19937" else state)[name] = place
    with pytest.raises(ValueError, match="which is no place in it"):
        decode({"$generator": state}, {})


# -- code --


class Trap:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.path),)


def test_no_pickle_is_opened(tmp_path: Path) -> None:
    sprung, file = tmp_path / "sprung", tmp_path / "x.npz"
    pickle.loads(pickle.dumps(Trap(sprung)))
    assert sprung.is_dir(), "the trap works"
    sprung.rmdir()
    objects = np.empty(1, object)
    objects[0] = Trap(sprung)
    np.savez(file, **{"0.weight": objects})
    assert all(isinstance(thing, ValueError) for thing in every_reader(file))
    for name in (HEADER, "0.weight.npy"):
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr(name, pickle.dumps(Trap(sprung)))
        assert all(isinstance(thing, ValueError) for thing in every_reader(file))
    file.write_bytes(pickle.dumps(Trap(sprung)))
    assert all(isinstance(thing, ValueError) for thing in every_reader(file))
    assert not sprung.exists()


# -- memory --

LIMIT = 128 * 2**20

LIMITED = """
import resource, sys, nn
import safetensors.numpy, ast
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + int(sys.argv[1]),) * 2)
base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for path in sys.argv[2:]:
    for call in (nn.load, lambda path: nn.restore(nn.Linear(2, 1), path)):
        try:
            call(path)
        except ValueError as error:
            assert not isinstance(error.__cause__, MemoryError), path
            print("refused")
more = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - base
assert more < 100_000, f"{more} KB"
"""


def lying(packed: bytes, method: int, says: int = 100) -> bytes:
    """Make an archive whose directory says that the one member unpacks to `says` bytes."""
    check = zlib.crc32(packed if method == zipfile.ZIP_STORED else bytes(100))
    info = struct.pack("<5H3L2H", 20, 0, method, 0, 33, check, len(packed), says, 5, 0)
    local = b"PK\3\4" + info + b"x.npy" + packed
    central = b"PK\1\2" + struct.pack("<H", 20) + info + struct.pack("<3H2L", 0, 0, 0, 0, 0) + b"x.npy"
    return local + central + b"PK\5\6" + struct.pack("<4H2LH", 0, 0, 1, 1, len(central), len(local), 0)


def bomb(packer: Any, size: int) -> bytes:
    return b"".join([*(packer.compress(bytes(10**7)) for _ in range(size // 10**7)), packer.flush()])


def lzma_member(size: int) -> bytes:
    """Pack as zip does: a version, the properties of the filter, and the raw stream."""
    filters = [{"id": lzma.FILTER_LZMA1, "dict_size": 2**16, "lc": 3, "lp": 0, "pb": 2}]
    head = struct.pack("<BBH", 9, 4, 5) + struct.pack("<BL", 3 + 9 * (0 + 5 * 2), 2**16)
    return head + bomb(lzma.LZMACompressor(lzma.FORMAT_RAW, filters=filters), size)


@pytest.mark.skipif(sys.platform != "linux", reason="limits the memory of a process as Linux does")
def test_few_bytes_do_not_become_many(tmp_path: Path) -> None:
    size = 2 * 10**8
    npy = b"\x93NUMPY\x01\x00" + struct.pack("<H", 70)
    shape = f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({10**12},)}}".ljust(69).encode() + b"\n"
    tensor = json.dumps({"a": {"dtype": "F64", "shape": [10**12], "data_offsets": [0, 8 * 10**12]}})
    deep = '{"a":' * 50_000
    contents = {
        "deflated.npz": lying(bomb(zlib.compressobj(9, zlib.DEFLATED, -15), size), zipfile.ZIP_DEFLATED),
        "bzip2.npz": lying(bomb(bz2.BZ2Compressor(), size), zipfile.ZIP_BZIP2),
        "lzma.npz": lying(lzma_member(size), zipfile.ZIP_LZMA),
        "honest.npz": lying(bomb(zlib.compressobj(9, zlib.DEFLATED, -15), size), zipfile.ZIP_DEFLATED, size),
        "terabytes.npz": lying(npy + shape, zipfile.ZIP_STORED, 80),
        "terabytes.safetensors": struct.pack("<Q", len(tensor)) + tensor.encode() + bytes(8),
        "header.safetensors": struct.pack("<Q", 2**62) + b"{}",
        "deep.safetensors": struct.pack("<Q", len(deep)) + deep.encode(),
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    huge = {"$module": "Linear", "fan_in": 10**6, "fan_out": 10**6, "bias": True, "dtype": "float64"}
    for name, model in {"nested": json.loads('{"a":' * 900 + "1" + "}" * 900), "wide": huge}.items():
        header = {"format": "chalkgrad", "version": 1, "kind": "X", "why": None, "optimizer": None, "also": None}
        write(tmp_path / f"{name}.npz", {"weight": np.ones(2)}, json.dumps(header | {"model": model}))
    files = sorted(str(file) for file in tmp_path.iterdir())
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(LIMIT), *files],
        capture_output=True, text=True, timeout=120, env=environment, cwd=Path(__file__).parent.parent,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.split() == ["refused"] * 2 * len(files)
