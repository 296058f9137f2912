"""Try an installed wheel: `python -I tests/smoke.py`, with or without numba, SciPy and HIPS autograd beside it.

It is a script without pytest, so that it runs where NumPy alone is installed. It prints one line, or raises.
"""

import math
import pickle
import platform
import shutil
import subprocess
import sys
import tempfile
import warnings
from importlib import metadata, util
from pathlib import Path

import numpy as np

import chalkgrad
from chalkgrad import Tensor, Value, compile, draw, gelu, grad, nn


def installed(name: str) -> bool:
    """Return whether a distribution is there."""
    return util.find_spec(name) is not None


def check_name() -> None:
    """Check that the wheel has the one import name, and installed nothing outside it."""
    assert chalkgrad.autograd.value.Value is Value is chalkgrad.Value and nn.fit is chalkgrad.nn.fit
    assert Value.__module__ == "chalkgrad.autograd.value" and nn.MLP.__module__ == "chalkgrad.nn.mlp"
    assert "nn" not in sys.modules and not hasattr(sys.modules.get("autograd"), "Value")
    assert chalkgrad.__version__ == metadata.version("chalkgrad")
    files = metadata.files("chalkgrad") or []
    tops = {file.parts[0] for file in files if ".." not in file.parts and "dist-info" not in file.parts[0]}
    assert tops == {"chalkgrad"}, tops
    names: dict[str, object] = {}
    exec("from chalkgrad import *", names)
    assert names["Value"] is Value and names["nn"] is nn
    exec("import chalkgrad.autograd.drawing; from chalkgrad.nn.losses import mse", names)
    assert names["mse"] is nn.losses.mse and names["chalkgrad"] is chalkgrad


def check_eager(folder: Path) -> None:
    """Check derivatives, pictures, training, files and pickles: NumPy is enough for them."""
    a, b = Value(2.0, label="a"), Value(1.0, label="b")
    e = (a + b) * (b + 1)
    e.backward()
    assert (e.data, a.grad, b.grad) == (6.0, 2.0, 5.0)
    assert grad(lambda x: (x * x).sum())(Tensor([1.0, 2.0])).data.tolist() == [2.0, 4.0]
    assert "2" in draw(e).text()
    if installed("pygraphviz") or shutil.which("dot"):
        assert "<svg" in draw(e).svg() and "chalkgrad-player" in draw(e).player().html()
    bell = [0.5 * x * (1 + math.erf(x / math.sqrt(2))) for x in (-0.5, 2.0)]
    assert np.allclose(gelu(Tensor([-0.5, 2.0])).data, bell)
    X, y = nn.datasets.xor()
    for model in (nn.MLP(2, [4, 1], "tanh", rng=1), nn.TensorMLP(2, [8, 1], "tanh", rng=1)):
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            history = nn.fit(model, X, y, "mse", optimizer=nn.Adam(lr=0.05), epochs=60, batch_size=None, rng=0)
        assert installed("numba") == (not said) and all("pip install numba" in str(each.message) for each in said), said
        assert history["loss"][-1] < history["loss"][0]
        nn.save(model, folder / "net.npz")
        for copy in (nn.load(folder / "net.npz"), pickle.loads(pickle.dumps(model))):
            assert np.array_equal(copy.outputs(X), model.outputs(X))


def check_compiled() -> None:
    """Check programs; without numba, that they name it."""
    program = compile(lambda x: x * 2)
    if installed("numba"):
        assert program(Tensor([1.0])).data[0] == 2
        shipped = (platform.system(), platform.machine()) == ("Linux", "x86_64")
        assert ("numba" in sys.modules) == (not shipped), "the wheel has other kernels than the checkout"
        return
    try:
        program(Tensor([1.0]))
    except (ImportError, RuntimeError) as error:
        message = str(error)
    else:
        message = "it ran without numba"
    assert "pip install numba" in message, message


def check_neighbour() -> None:
    """Check that HIPS autograd works in the same process, if it is there."""
    if installed("autograd"):
        import autograd

        assert autograd.grad(lambda x: x * x)(3.0) == 6.0 == grad(lambda x: x * x)(3.0)


def check_commands() -> None:
    """Check the command, as a script and as a module."""
    script = Path(sys.executable).with_name("chalkgrad")
    for command in ([str(script)], [sys.executable, "-I", "-m", "chalkgrad"], [sys.executable, "-Im", "chalkgrad.nn"]):
        done = subprocess.run([*command, "draw", "a*b", "a=2", "b=3"], capture_output=True, text=True, check=True)
        assert "a*b = 6" in done.stdout and not done.stderr, done


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        check_name()
        check_eager(Path(place))
        check_compiled()
        check_neighbour()
        check_commands()
    beside = [name for name in ("numba", "scipy", "autograd", "pennylane") if installed(name)] or "NumPy alone"
    print(f"chalkgrad {chalkgrad.__version__} works on Python {sys.version.split()[0]}, beside {beside}")
