"""Data sets: shapes, repetition, and the remedy where scikit-learn is missing."""

import random
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nn import datasets


def test_xor() -> None:
    X, y = datasets.xor()
    assert X.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]] and y.tolist() == [0, 1, 1, 0]
    assert X.dtype == np.float64 and y.dtype.kind == "i"


def test_moons_are_those_of_micrograds_demo() -> None:
    sklearn = pytest.importorskip("sklearn.datasets")
    X, y = datasets.moons(100, 0.1, rng=1337)
    theirs, labels = sklearn.make_moons(n_samples=100, noise=0.1, random_state=np.random.RandomState(1337))
    assert np.array_equal(X, theirs) and np.array_equal(y, labels)


@pytest.mark.parametrize("make", [int, np.random.default_rng, random.Random])
def test_moons_are_reproducible(make: Any) -> None:
    pytest.importorskip("sklearn")
    assert np.array_equal(datasets.moons(rng=make(5))[0], datasets.moons(rng=make(5))[0])
    assert not np.array_equal(datasets.moons(rng=make(5))[0], datasets.moons(rng=make(6))[0])


def test_digits() -> None:
    pytest.importorskip("sklearn")
    X, y = datasets.digits()
    assert X.shape == (1797, 64) and y.shape == (1797,) and set(y.tolist()) == set(range(10))
    assert X.min() == 0 and X.max() == 1


@pytest.mark.parametrize("name", ["moons", "circles", "blobs", "digits", "iris", "wine", "breast_cancer", "diabetes"])
def test_the_remedy_is_named_where_scikit_learn_is_missing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(ImportError, match=rf"`datasets.{name}`.*`pip install (scikit-learn|mnist1d)`"):
        getattr(datasets, name)()


MADE = ["moons", "circles", "blobs", "gauss", "spirals", "checkerboard", "plane", "bumps"]


@pytest.mark.parametrize("name", MADE)
@pytest.mark.parametrize("make", [int, np.random.default_rng, random.Random])
def test_made_points_have_rows_and_come_from_rng_alone(name: str, make: Any) -> None:
    pytest.importorskip("sklearn")
    points = getattr(datasets, name)
    X, y = points(37, rng=make(5))
    assert X.shape == (37, 2) and y.shape == (37,) and X.dtype == np.float64
    assert np.array_equal(X, points(37, rng=make(5))[0]) and np.array_equal(y, points(37, rng=make(5))[1])
    assert not np.array_equal(X, points(37, rng=make(6))[0])
    for wrong in (0, 2.5, True, "9", None):
        with pytest.raises(ValueError, match="`n` is a whole number from 1"):
            points(wrong)


@pytest.mark.parametrize("name", ["moons", "circles", "spirals", "checkerboard", "plane", "bumps", "curve"])
def test_noise_is_what_it_says(name: str) -> None:
    pytest.importorskip("sklearn")
    points = getattr(datasets, name)
    arguments: dict[str, Any] = {"n": 4000} if name != "curve" else {"function": "sin", "n": 4000}
    (X, y), (clean, truth) = points(noise=0.1, rng=1, **arguments), points(noise=0.0, rng=1, **arguments)
    moved = np.concatenate([(X - clean).ravel(), y - truth])
    assert np.std(moved[moved != 0]) == pytest.approx(0.1, rel=0.05)
    for wrong in (-0.1, float("nan"), float("inf"), "0.1"):
        with pytest.raises((ValueError, TypeError), match="`noise` is"):
            points(noise=wrong)


@pytest.mark.parametrize("centers", [0, "abc", None, [1, 2], [[1], [1, 2]], [[np.nan, 1.0]], []])
def test_centers_of_blobs(centers: Any) -> None:
    pytest.importorskip("sklearn")
    with pytest.raises(ValueError, match="`centers`"):
        datasets.blobs(5, centers)


def test_checkerboards() -> None:
    X, y = datasets.checkerboard(400, squares=3, rng=1)
    for (a, b), label in zip(X, y, strict=True):
        assert (int((a + 1) * 1.5) + int((b + 1) * 1.5)) % 2 == label


def test_spirals_wind_as_often_as_they_should() -> None:
    X, y = datasets.spirals(2000, noise=0.0, turns=2.0)
    arm = X[y == 0]
    angle = np.unwrap(np.arctan2(arm[:, 0], arm[:, 1]))
    assert angle[-1] - angle[0] == pytest.approx(4 * np.pi, rel=1e-2)
    assert np.hypot(*arm[-1]) == pytest.approx(1.0)
    assert np.allclose(arm, -X[y == 1])


def test_bumps_are_the_sum_that_is_written_down() -> None:
    X, y = datasets.bumps(50, rng=1)
    hills, dales = [(-2 / 3, -0.4), (0, 0.4), (2 / 3, -0.4)], [(-2 / 3, 0.4), (0, -0.4), (2 / 3, 0.4)]
    height = sum(
        sign * np.exp(-((X - centre) ** 2).sum(axis=1) / 0.08)
        for sign, centres in ((1, hills), (-1, dales))
        for centre in centres
    )
    assert np.allclose(y, height)


def test_curves() -> None:
    for name in datasets.CURVES:
        X, y = datasets.curve(name, 11)
        assert X.shape == (11, 1) and y.shape == (11,) and np.all(np.isfinite(y))
    X, y = datasets.curve(np.exp, 3, low=0, high=2)
    assert y.tolist() == np.exp([0.0, 1.0, 2.0]).tolist()
    with pytest.raises(ValueError, match="'tan' is unknown: use one of 'linear'"):
        datasets.curve("tan")
    with pytest.raises(ValueError, match=r"gave shape \(\) for 5 numbers"):
        datasets.curve(lambda x: 1.0, 5)
    with pytest.raises(ValueError, match=r"`function\(x\)` holds nan"):
        datasets.curve(lambda x: x * np.nan, 5)
    with pytest.raises(ValueError, match="`low` must be less"):
        datasets.curve("sin", low=1, high=1)
    with pytest.raises(TypeError, match="`function` is a name"):
        datasets.curve(3)  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "shape", "classes"), [
    ("iris", (150, 4), 3), ("wine", (178, 13), 3), ("breast_cancer", (569, 30), 2),
])  # fmt: skip
def test_collected_data(name: str, shape: tuple[int, int], classes: int) -> None:
    pytest.importorskip("sklearn")
    (X, y), (again, names) = getattr(datasets, name)(), getattr(datasets, name)(names=True)
    assert X.shape == shape and np.array_equal(X, again) and set(y.tolist()) == set(range(classes))
    assert names.dtype.kind == "U" and len({(a, b) for a, b in zip(y.tolist(), names.tolist(), strict=True)}) == classes


def test_diabetes() -> None:
    pytest.importorskip("sklearn")
    X, y = datasets.diabetes()
    assert X.shape == (442, 10) and y.shape == (442,) and y.dtype == np.float64


def test_mnist1d_is_made_as_its_authors_make_it_and_leaves_the_global_generators_alone() -> None:
    theirs = pytest.importorskip("mnist1d.data")
    random.seed(3)
    np.random.seed(3)  # noqa: NPY002
    before = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    train, test, y, truth = datasets.mnist1d()
    assert before == (random.getstate(), np.random.get_state()[1].tolist())  # noqa: NPY002
    made = theirs.make_dataset(theirs.get_dataset_args())
    assert train.shape == (4000, 40) and test.shape == (1000, 40)
    assert np.array_equal(train, made["x"]) and np.array_equal(test, made["x_test"])
    assert np.array_equal(y, made["y"]) and np.array_equal(truth, made["y_test"])
    assert not np.array_equal(datasets.mnist1d(50, rng=1)[0], datasets.mnist1d(50, rng=2)[0])


def test_cifar10_is_read_in_its_binary_layout(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    images = {name: random.integers(0, 256, (4, 3, 32, 32), dtype=np.uint8) for name in "12345t"}
    labels = {name: random.integers(0, 10, 4, dtype=np.uint8) for name in images}
    for name, pixels in images.items():
        record = b"".join(bytes([k]) + image.tobytes() for k, image in zip(labels[name], pixels, strict=True))
        (tmp_path / ("test_batch.bin" if name == "t" else f"data_batch_{name}.bin")).write_bytes(record)
    train, test, y, truth = datasets.cifar10(tmp_path)
    assert train.shape == (20, 3072) and train.dtype == np.float32 and train.min() >= 0 and train.max() <= 1
    assert np.array_equal(np.round(train[4:8] * 255), images["2"].reshape(4, -1))
    assert np.array_equal(np.round(test.reshape(4, 3, 32, 32) * 255), images["t"])
    assert y.tolist() == [int(k) for name in "12345" for k in labels[name]] and truth.tolist() == labels["t"].tolist()
    assert np.array_equal(datasets.cifar10(str(tmp_path), batches=[3])[0], train[8:12])
    for wrong in ([6], 3, [], [1, 1]):
        with pytest.raises(ValueError, match="some of the numbers 1 to 5"):
            datasets.cifar10(tmp_path, batches=wrong)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="`folder` is the name of a folder"):
        datasets.cifar10(None)  # type: ignore[arg-type]
    path = tmp_path / "data_batch_5.bin"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ValueError, match=r"data_batch_5.bin has 12291 bytes.*cut short"):
        datasets.cifar10(tmp_path)
    path.write_bytes(b"\x0a" * 3073)
    with pytest.raises(ValueError, match="class 10 in record 0"):
        datasets.cifar10(tmp_path)
    path.unlink()
    with pytest.raises(FileNotFoundError, match=r"has no data_batch_5.bin.*cifar-10-binary.tar.gz"):
        datasets.cifar10(tmp_path)
