"""Kernels that are shipped, and kernels on disk: what does not fit, or is broken, costs time and nothing else."""

import hashlib
import itertools
import lzma
import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm
import pytest

from autograd.kernels import native
from autograd.kernels.formulas import FORMULAS
from autograd.kernels.store import read, write

ROOT = Path(__file__).resolve().parent.parent
WORK = "from autograd import Tensor, compile; x = Tensor([1.0, 2.0]); print(compile((x * x).sum())(), x.grad)"


def run(cache: str, options: tuple[str, ...] = ("-W", "error"), **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "NUMBA_CACHE_DIR": cache, **settings}
    return subprocess.run(
        [sys.executable, *options, "-c", WORK], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


SHIPPED = pytest.mark.skipif(
    (platform.system(), platform.machine()) != ("Linux", "x86_64"), reason="kernels are shipped for x86-64 and Linux"
)


def test_the_shipped_code_was_made_from_these_sources() -> None:
    assert native.contents()["sources"].decode() == native.SOURCES, "run `make shipped`, and commit the file"
    kinds = "float32", "float64", "float64_at", "float64_one"
    assert {f"{name}_{kind}" for name in FORMULAS for kind in kinds} < native.contents().keys()
    assert native.SHIPPED.stat().st_size < 400_000


@SHIPPED
@pytest.mark.slow
def test_the_shipped_code_is_what_numba_makes() -> None:
    names = ["run", "work", "cse", "tanh_float32", "add_product_float64", "exp_float64_at", "log_float64_one",
             "copy_float32_float64", "matmul_float32", "norm_float64"]  # fmt: skip
    done = subprocess.run([sys.executable, "tests/ship_kernels.py", *names], cwd=ROOT, capture_output=True, text=True)
    if "not compared" in done.stderr:
        pytest.skip(done.stderr)
    assert done.returncode == 0, done.stderr


@SHIPPED
def test_the_comparison_finds_other_code() -> None:
    code = (
        "import sys; sys.argv = ['', 'neg_float64']; sys.path.insert(0, 'tests')\n"
        "import operator, ship_kernels; from autograd.kernels import generate\n"
        "ship_kernels.VERSIONS = ship_kernels.native.contents()['versions'].decode()\n"
        "generate.FORMULAS['neg'] = operator.pos; ship_kernels.main()"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and "other code than in shipped.tar.xz: neg_float64" in done.stderr


@SHIPPED
def test_programs_run_without_numba(tmp_path: Path) -> None:
    code = (
        f"import sys; sys.modules['numba'] = None; {WORK}; import autograd, nn; X, y = nn.datasets.moons(rng=0)\n"
        "print(nn.fit(nn.TensorMLP(2, [8, 1], rng=0), X, y, epochs=3).compiled)\n"
        "a, b = autograd.Value(2.0), autograd.Value(3.0); print(compile((a * b).tanh() + a)() > 2, b.grad > 0)"
    )
    for _ in range(2):
        done = subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=ROOT, capture_output=True, text=True,
                              env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)})  # fmt: skip
        assert done.stdout == "5.0 [2. 4.]\nTrue\nTrue True\n", done.stderr


@pytest.mark.parametrize("fault", ["settings", "sources", "system", "damaged", "cut", "missing", "another"])
def test_code_that_does_not_fit_is_not_used(fault: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    content = native.SHIPPED.read_bytes()
    path = tmp_path / "shipped.tar.xz"
    path.write_bytes(content)
    monkeypatch.setattr(native, "SHIPPED", path)
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    assert len(native._shipped.__wrapped__()) > 300
    match fault:
        case "settings":
            monkeypatch.setattr(native, "_SETTINGS", ["NUMBA_BOUNDSCHECK=1"])
        case "sources":
            monkeypatch.setattr(native, "SOURCES", hashlib.sha256().hexdigest())
        case "system":
            monkeypatch.setattr(platform, "machine", lambda: "aarch64")
        case "damaged":
            path.write_bytes(content[:30_000] + bytes(100) + content[30_100:])
        case "cut":
            path.write_bytes(content[:-1000])
        case "missing":
            path.unlink()
        case "another":
            path.write_bytes(lzma.compress(b"no archive"))
    assert native._shipped.__wrapped__() == {}


@pytest.mark.slow
def test_where_llvm_refuses_the_code_numba_compiles(tmp_path: Path) -> None:
    code = (
        "import llvmlite.binding as llvm, sys\n"
        "def refuse(code): raise RuntimeError('LLVM bitcode parsing error: Unknown attribute kind (105)')\n"
        f"llvm.parse_bitcode = refuse; {WORK}; print('numba' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=ROOT, capture_output=True, text=True,
                          env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)})  # fmt: skip
    assert done.stdout == "5.0 [2. 4.]\nTrue\n", done.stderr


@SHIPPED
def test_llvm_reads_all_shipped_code() -> None:
    for name, code in native.contents().items():
        if name not in ("sources", "versions"):
            assert any(f.name == name and not f.is_declaration for f in llvm.parse_bitcode(code).functions)


def kept(cache: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in cache.rglob("*") if path.is_file()}


DAMAGES: list[Callable[[bytes], bytes]] = [
    lambda content: content[:100],
    lambda content: content[:-1],
    lambda content: b"",
    lambda content: bytes(reversed(content)),
    lambda content: bytes(512) + content[512:],
    lambda content: content[:9000] + bytes(512) + content[9512:],
    lambda content: content[:-9] + bytes([content[-9] ^ 1]) + content[-8:],
]


@pytest.mark.slow
def test_a_damaged_cache_is_made_anew_with_one_warning(tmp_path: Path) -> None:
    assert run(str(tmp_path)).stdout == "5.0 [2. 4.]\n"
    whole = kept(tmp_path)
    assert len(whole) > 2
    for damages in (DAMAGES[:4], DAMAGES[3:]):
        for damage, (path, content) in zip(itertools.cycle(damages), whole.items(), strict=False):
            path.write_bytes(damage(content))
            with pytest.raises(ValueError, match="is damaged"):
                read(path, content[:32])
        again = run(str(tmp_path), ())
        assert again.stdout == "5.0 [2. 4.]\n" and kept(tmp_path).keys() == whole.keys()
        assert again.stderr.count("RuntimeWarning: compiled kernels on disk are damaged, and compiled anew") == 1
    once_more = run(str(tmp_path))
    assert (once_more.stdout, once_more.stderr) == ("5.0 [2. 4.]\n", "")


def test_kernels_are_loaded_again_and_not_compiled(tmp_path: Path) -> None:
    run(str(tmp_path))
    whole = {path: path.stat().st_mtime_ns for path in kept(tmp_path)}
    run(str(tmp_path))
    assert {path: path.stat().st_mtime_ns for path in kept(tmp_path)} == whole


@pytest.mark.slow
def test_another_processor_has_files_of_its_own(tmp_path: Path) -> None:
    run(str(tmp_path))
    whole = kept(tmp_path)
    other = run(str(tmp_path), NUMBA_CPU_NAME="generic", NUMBA_CPU_FEATURES="")
    assert (other.stdout, other.stderr) == ("5.0 [2. 4.]\n", "")
    both = kept(tmp_path)
    assert len(both) == 2 * len(whole) and all(both[path] == content for path, content in whole.items())


@pytest.mark.slow
def test_kernels_of_another_release_are_replaced_without_a_word(tmp_path: Path) -> None:
    run(str(tmp_path))
    whole = kept(tmp_path)
    for path, content in whole.items():
        other = bytes(32)
        path.rename(path.with_name(path.name.replace(".nbc", "0.nbc")))
        write(path, other, content[64:])
        assert read(path, other) == content[64:] and read(path, content[:32]) is None
    again = run(str(tmp_path))
    assert (again.stdout, again.stderr) == ("5.0 [2. 4.]\n", "")
    assert all(content[:32] in {x[:32] for x in whole.values()} for content in kept(tmp_path).values())


@pytest.mark.slow
def test_processes_that_start_at_once_share_a_cache(tmp_path: Path, popen: Any) -> None:
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, "-W", "error", "-c", WORK]
    started = [popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE) for _ in range(3)]
    assert [process.communicate()[0] for process in started] == [b"5.0 [2. 4.]\n"] * 3
    assert all(path.suffix == ".nbc" for path in kept(tmp_path))  # no draft is left


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="signals of POSIX")
def test_a_process_killed_while_it_writes_the_cache_harms_no_other(tmp_path: Path, popen: Any) -> None:
    for i in range(4):
        cache = tmp_path / str(i)
        process = popen([sys.executable, "-c", WORK], cwd=ROOT, stdout=subprocess.DEVNULL,
                        env={**os.environ, "NUMBA_CACHE_DIR": str(cache)})  # fmt: skip
        while process.poll() is None and len(list(cache.rglob("*.nb?"))) <= i:
            time.sleep(0.001)
        process.kill()
        process.wait()
        again = run(str(cache))
        assert (again.stdout, again.stderr) == ("5.0 [2. 4.]\n", "")


def test_without_a_compiler_nets_are_trained_eagerly_and_programs_say_so(tmp_path: Path) -> None:
    code = (
        "import nn, autograd, warnings; from autograd import Value; X, y = nn.datasets.xor(); x = Value(2.0)\n"
        "with warnings.catch_warnings(record=True, action='always') as told:\n"
        "    print(len(nn.fit(nn.TensorMLP(2, [2, 1]), X, y, epochs=2)['loss']))\n"
        "assert [w.category for w in told] == [nn.EagerFallback]\n"
        "try: autograd.compile(x * x)()\nexcept RuntimeError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=ROOT, capture_output=True, text=True,
                          env={**os.environ, "NUMBA_DISABLE_JIT": "1"}, check=True)  # fmt: skip
    assert done.stdout.startswith("2\nNUMBA_DISABLE_JIT=1 turns off the compiler that programs need"), done.stderr


def test_without_numba_and_scipy_all_that_is_eager_works() -> None:
    code = (
        "import sys; sys.modules['numba'] = sys.modules['llvmlite'] = sys.modules['scipy'] = None\n"
        "import math, nn, autograd as ag; X, y = nn.datasets.xor(); x = ag.Tensor([-30.0, 2.0])\n"
        "print([len(nn.fit(net, X, y, epochs=2)['loss']) for net in (nn.TensorMLP(2, [2, 1]), nn.MLP(2, [2, 1]))])\n"
        "print([f(x).data.tolist() == [f(-30.0), f(2.0)] for f in (ag.erf, ag.erfc, ag.gelu)])\n"
        "try: ag.compile(lambda x: x * x)(3.0)\nexcept ImportError as error: print(error)\n"
        "try: nn.minimize(lambda: (x * x).sum(), [x])\nexcept ImportError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.splitlines() == [
        "[2, 2]",
        "[True, True, True]",
        "compiled programs need numba, which is missing: `pip install numba`",
        "`minimize` needs scipy, which is missing: `pip install scipy`",
    ], done.stderr


def test_a_cache_that_cannot_be_written_costs_one_warning() -> None:
    done = run("/proc/nowhere", ())
    assert done.stdout == "5.0 [2. 4.]\n"
    assert done.stderr.count("RuntimeWarning: compiled kernels cannot be kept on disk") <= 1


@pytest.mark.parametrize("fault", ["store.write", "store.folder"], ids=["a full disk", "no folder"])
def test_kernels_that_cannot_be_kept_cost_one_warning(tmp_path: Path, fault: str) -> None:
    work = f"from autograd.kernels import store\n{fault} = lambda *_: 1 / 0\n{WORK}"
    done = subprocess.run([sys.executable, "-c", work], cwd=ROOT, capture_output=True, text=True, check=True,
                          env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)})  # fmt: skip
    assert done.stdout == "5.0 [2. 4.]\n" and not kept(tmp_path)
    assert done.stderr.count("RuntimeWarning: compiled kernels cannot be kept on disk") == 1
