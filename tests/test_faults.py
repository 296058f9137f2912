"""What breaks from outside: an error or Ctrl-C at any place, a full disk, a home that cannot be written, a kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nn
from autograd import Tensor, Value, compile, draw, exp, primitive, reverse, tanh

ROOT = Path(__file__).resolve().parent.parent
POSIX = pytest.mark.skipif(os.name != "posix", reason="signals and limits of POSIX")

X = np.random.default_rng(0).normal(size=(20, 2))
Y = X[:, 0] * X[:, 1]


class Broken(Exception):
    pass


class Fuse:
    """An operation that changes nothing, and whose derivative fails when it is asked for the n-th time."""

    def __init__(self) -> None:
        self.at, self.asked = -1, 0

        def rule(out: Any, x: Any) -> Any:
            self.asked += 1
            if self.asked == self.at:
                raise Broken
            return 1.0

        @primitive(partials=[rule])
        def fuse(x):
            return x + 0.0

        self.op = fuse


def graph(fuse: Any) -> tuple[Any, list[Any]]:
    """Make a graph of Values and Tensors with a fuse behind each operation, leaves that have gradients already."""
    a, b, t, w = Value(2.0), Value(-0.5), Tensor([1.0, 2.0]), Tensor([[0.5, -1.0], [0.25, 2.0]])
    leaves = [a, b, t, w]
    u = fuse(a * b)
    v = fuse(fuse(exp(u)) / a)
    z = fuse(fuse(t * v) @ fuse(tanh(w)))
    root = fuse(fuse(z[0] - z[1]) * u + fuse(z.max()) + fuse(b**3))
    return root, leaves


def numbers(leaves: list[Any]) -> list[Any]:
    return [None if x.grad is None else np.array(x.grad).tolist() for x in leaves]


@pytest.mark.parametrize("create_graph", [False, True])
def test_an_error_at_any_operation_of_a_backward_pass_changes_no_gradient(create_graph: bool) -> None:
    fuse = Fuse()
    root, leaves = graph(fuse.op)
    (sum(x.sum() if x.shape else x for x in leaves) * 3.0).backward()
    before = numbers(leaves)
    root.backward(create_graph=create_graph)
    if create_graph:
        for leaf in leaves:
            leaf.grad = leaf.grad.data if isinstance(leaf.grad, (Tensor, Value)) else leaf.grad
    places, after = fuse.asked, numbers(leaves)
    assert places == 10
    for fuse.at in range(1, places + 1):
        fuse.asked = 0
        with pytest.raises(Broken):
            root.backward(create_graph=create_graph)
        assert fuse.asked == fuse.at and numbers(leaves) == after and after != before


def test_an_error_at_any_operation_of_a_compiled_program_changes_no_gradient() -> None:
    fuse = Fuse()
    root, leaves = graph(fuse.op)
    program = compile(root)  # rows of one's own run in Python, between native parts
    value, after = program(), numbers(leaves)
    fail_at, seen = -1, 0  # looked at by the operation

    @primitive(partials=[1.0])
    def fragile(x):
        nonlocal seen
        seen += 1
        if seen == fail_at:
            raise Broken
        return x + 0.0

    root, leaves = graph(fragile)
    program = compile(root)
    seen = 0
    assert program() == value and numbers(leaves) == after
    places = seen
    assert places >= 10
    for leaf in leaves:
        leaf.data = leaf.data * 1.5
    for fail_at in range(1, places + 1):  # noqa: B007
        seen = 0
        with pytest.raises(Broken):
            program()
        assert numbers(leaves) == after
    fail_at = -1
    assert program() != value and numbers(leaves) != after


def interrupted_at_every_line(work: Callable[[], Any], file: str) -> Iterator[int]:
    """Do the work again and again, with Ctrl-C before the first line of a file that it runs, the second, ..."""
    n = 0
    while True:
        left = n

        def trace(frame: Any, event: str, argument: Any) -> Any:
            nonlocal left
            if frame.f_code.co_filename != file:
                return None
            if event == "line":
                left -= 1
                if left < 0:
                    sys.settrace(None)
                    raise KeyboardInterrupt
            return trace

        old = sys.gettrace()
        try:
            sys.settrace(trace)
            try:
                work()
            finally:
                sys.settrace(old)
        except KeyboardInterrupt:
            yield n
        else:
            return
        n += 1


@pytest.mark.skipif(sys.gettrace() is not None, reason="the lines are being counted already")
def test_ctrl_c_at_any_line_of_a_backward_pass_leaves_all_gradients_or_none() -> None:
    root, leaves = graph(lambda x: x)
    root.backward()
    one = numbers(leaves)
    for leaf in leaves:
        leaf.grad = None
    both = [[None] * len(leaves), one]
    torn = []
    for n in interrupted_at_every_line(root.backward, reverse.__file__):
        if (found := numbers(leaves)) not in both:
            torn.append((n, found))
        for leaf in leaves:
            leaf.grad = None
    assert n > 100 and not torn
    for leaf in leaves:
        leaf.grad = None
    root.backward()  # no lock is held, and nothing is left over
    assert numbers(leaves) == one


def training(model: Any, optimizer: Any, compiled: bool, **rest: Any) -> nn.History:
    return nn.fit(model, X, Y, optimizer=optimizer, batch_size=8, rng=1, compiled=compiled, progress=False, **rest)


def assert_finished_step(model: Any, optimizer: Any, history: nn.History, make: Callable[[], Any]) -> None:
    """Compare with a training that was told beforehand to take as many steps; it may have been compiled, or not."""
    twin = make()
    if optimizer.steps:
        whole = training(twin, nn.Adam(lr=1e-4), False, steps=optimizer.steps)
        assert np.allclose(history["loss"], whole["loss"][: len(history["loss"])], rtol=1e-6)
    for name, array in twin.state_dict().items():
        np.testing.assert_allclose(model.state_dict()[name], array, rtol=1e-6, atol=1e-9)
    assert not any(module.training != twin.training for _, module in model.named_modules())


@contextmanager
def ctrl_c_after(seconds: float) -> Iterator[list[float]]:
    """Let the system send SIGINT to this process after so many seconds; gives when it was sent."""
    sent: list[float] = []

    def press(number: int, frame: Any) -> None:
        sent.append(time.perf_counter())
        os.kill(os.getpid(), signal.SIGINT)

    before = signal.signal(signal.SIGALRM, press)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield sent
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


NETS: dict[str, Callable[[], Any]] = {
    "Tensors": lambda: nn.TensorMLP(2, [5, 1], "tanh", rng=0),
    "Values": lambda: nn.MLP(2, [3, 1], "tanh", rng=0),
}


@POSIX
@pytest.mark.parametrize("compiled", [False, True])
def test_ctrl_c_at_random_moments_of_a_training(compiled: bool, promise: Callable[[str], None]) -> None:
    random, waited, caught = np.random.default_rng(int(compiled)), [], 0
    for i in range(16):
        make = NETS["Values" if i % 4 == 3 and not compiled else "Tensors"]
        model, optimizer = make(), nn.Adam(lr=1e-4)  # small: rounding grows where Adam bounces
        with ctrl_c_after(random.uniform(0.001, 0.08)) as sent:
            try:
                history = training(model, optimizer, compiled, epochs=10**9)
                assert history.interrupted
            except KeyboardInterrupt:  # before the first step, while all is being prepared
                history, caught = nn.History(), caught + 1
                assert not optimizer.steps
        waited.append(time.perf_counter() - sent[0])
        assert_finished_step(model, optimizer, history, make)
    assert caught < 16
    how = "compiled" if compiled else "eager"
    promise(f"Ctrl-C in 16 {how} trainings: all at a finished step, back after {max(waited) * 1e3:.0f} ms at most")


@pytest.mark.skipif(sys.gettrace() is not None, reason="the lines are being counted already")
def test_ctrl_c_while_a_model_is_switched_to_use_and_back_leaves_its_mode() -> None:
    model = NETS["Tensors"]()
    for n in interrupted_at_every_line(lambda: model.outputs(X), nn.state.__file__):
        assert all(module.training for _, module in model.named_modules()), n
    assert n > 50


@pytest.mark.parametrize("compiled", [False, True])
def test_an_error_in_a_callback_leaves_a_finished_step_from_which_training_goes_on(compiled: bool) -> None:
    for at in range(1, 8):
        model, optimizer = NETS["Tensors"](), nn.Adam(lr=1e-4)
        fuse = iter(range(at))

        def callback(epoch: int, logs: Any, fuse: Any = fuse) -> None:
            if next(fuse, None) is None:
                raise Broken

        with pytest.raises(Broken):
            training(model, optimizer, compiled, epochs=20, callbacks=[callback])
        assert optimizer.steps == 3 * (at + 1)
        assert_finished_step(model, optimizer, nn.History({"loss": []}), NETS["Tensors"])
        training(model, optimizer, compiled, epochs=1)


def test_an_error_at_any_operation_of_a_training_step_leaves_a_finished_step() -> None:
    class Net(nn.Module):
        def __init__(self, fuse: Any) -> None:
            self.one, self.other, self.fuse = nn.Linear(2, 3, rng=0), nn.Linear(3, 1, rng=1), fuse

        def forward(self, x: Any) -> Any:
            return self.fuse(self.other(self.fuse(tanh(self.fuse(self.one(x))))))

    fuse = Fuse()
    training(Net(fuse.op), nn.Adam(lr=1e-4), False, steps=4)
    assert fuse.asked == 12
    for fuse.at in range(1, 13):
        fuse.asked = 0
        model, optimizer = Net(fuse.op), nn.Adam(lr=1e-4)
        with pytest.raises(Broken):
            training(model, optimizer, False, steps=4)
        assert optimizer.steps == (fuse.at - 1) // 3
        fuse.at, at = -1, fuse.at
        assert_finished_step(model, optimizer, nn.History({"loss": []}), lambda: Net(fuse.op))
        fuse.at = at


# -- disks --

LIMITED = """
import resource, signal, sys
from pathlib import Path
from test_faults import WRITERS
folder = Path(sys.argv[1])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
for name, write in WRITERS.items():
    place = folder / name
    place.mkdir()
    write(place)
    before = {path.name: path.read_bytes() for path in place.iterdir()}
    for limit in (0, 500):
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, -1))
        try:
            write(place)
            said = "written"
        except (OSError, RuntimeError) as error:
            said = f"{error!r}"
        resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))
        whole = len(before) == 1 and before == {path.name: path.read_bytes() for path in place.iterdir()}
        print(name, limit, whole, said.splitlines()[-1])
"""


def checkpointed(folder: Path) -> None:
    training(big(), nn.Adam(), False, epochs=3, callbacks=[nn.Checkpoint(folder / "a.npz")])


def big() -> nn.Module:
    return nn.TensorMLP(2, [300, 1], rng=0)


def pictured(suffix: str) -> Callable[[Path], None]:
    return lambda folder: draw((Value(2.0, label="x") * 3).tanh()).save(folder / f"a{suffix}")


WRITERS: dict[str, Callable[[Path], Any]] = {
    "model.npz": lambda folder: nn.save(big(), folder / "a.npz"),
    "model.safetensors": lambda folder: nn.save(big(), folder / "a.safetensors"),
    "checkpoint": checkpointed,
    "picture.svg": pictured(".svg"),
    "picture.html": pictured(".html"),
    "picture.png": pictured(".png"),
}
if find_spec("onnx"):
    WRITERS["onnx"] = lambda folder: nn.export.to_onnx(big(), folder / "a.onnx")


@POSIX
def test_a_full_disk_leaves_the_old_file_and_says_so(tmp_path: Path, promise: Callable[[str], None]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path)], capture_output=True, text=True, cwd=ROOT, check=False,
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"},
    )  # fmt: skip
    lines = done.stdout.splitlines()
    assert len(lines) == 2 * len(WRITERS), done.stdout + done.stderr
    for line in lines:
        name, _, whole, said = line.split(" ", 3)
        assert whole == "True", line
        if name.startswith("picture"):  # where `dot` has no room for its own files, it says so first
            assert said.startswith(("OSError(27", "RuntimeError('Graphviz failed")), line
        else:
            assert said.startswith("OSError(27, 'File too large'"), line
    promise(f"disk full: {len(lines)} writes of {len(WRITERS)} kinds refused in words, the old files whole")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_log_on_a_full_disk_says_so(tmp_path: Path) -> None:
    (tmp_path / "log.csv").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left on device"):
        training(NETS["Tensors"](), nn.Adam(), False, epochs=2, callbacks=[nn.CSVLog(tmp_path / "log.csv")])
