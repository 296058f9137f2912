"""CIFAR-10 in its own binary layout: read from the user's disk, never downloaded."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path

import numpy as np

CIFAR10 = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
"""The names of the classes 0 to 9."""

RECORD = 1 + 3 * 32 * 32
"""Bytes of an image: its class, then 1,024 bytes of red, of green and of blue, each row by row."""


def cifar10(
    folder: str | PathLike[str], batches: Sequence[int] = (1, 2, 3, 4, 5)
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Read CIFAR-10, colour images of 32 by 32 pixels of ten classes, from its "binary version".

    Args:
        folder: where `data_batch_1.bin` to `data_batch_5.bin` and `test_batch.bin` are, each 10,000 records.
        batches: which of the five to train on.

    Returns:
        `X_train, X_test, y_train, y_test`: brightness from 0 to 1 in float32, shape `(50000, 3072)`, red, green,
        blue, each row by row, and `(10000, 3072)`; classes from 0 to 9. `x.reshape(3, 32, 32).transpose(1, 2, 0)`
        is a picture for matplotlib.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: a file is cut short, or is not of this layout.

    Source: Krizhevsky (2009), Learning Multiple Layers of Features from Tiny Images; the layout is described at
    https://www.cs.toronto.edu/~kriz/cifar.html.

    >>> import tempfile
    >>> image = bytes([3]) + bytes(1024 * [255]) + bytes(2048)  # a red cat
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("data_batch_1.bin", "test_batch.bin"):
    ...         _ = (Path(folder) / name).write_bytes(image)
    ...     X, _, y, _ = cifar10(folder, batches=[1])
    >>> X.reshape(3, 32, 32)[:, 0, 0].tolist(), CIFAR10[y[0]]
    ([1.0, 0.0, 0.0], 'cat')
    """
    if not isinstance(folder, (str, PathLike)):
        raise TypeError(f"`folder` is the name of a folder, such as 'cifar-10-batches-bin', not {folder!r:.60}")
    numbers = list(batches) if isinstance(batches, (list, tuple, range)) else []
    if not numbers or not all(number in range(1, 6) for number in numbers) or len(set(numbers)) < len(numbers):
        raise ValueError(f"`batches` are some of the numbers 1 to 5, not {batches!r:.60}")
    parts = [_records(Path(folder) / f"data_batch_{number}.bin") for number in numbers]
    X, y = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    X_test, y_test = _records(Path(folder) / "test_batch.bin")
    return X, X_test, y, y_test


def _records(path: Path) -> tuple[np.ndarray, np.ndarray]:
    try:
        content = np.fromfile(path, dtype=np.uint8)
    except FileNotFoundError:
        raise FileNotFoundError(
            f"`folder` has no {path.name}: {path} is missing. Unpack cifar-10-binary.tar.gz, the binary version from "
            "https://www.cs.toronto.edu/~kriz/cifar.html, and name the folder `cifar-10-batches-bin`"
        ) from None
    if not content.size or content.size % RECORD:
        raise ValueError(f"{path} has {content.size} bytes; an image takes {RECORD}: it is cut short, or foreign")
    records = content.reshape(-1, RECORD)
    y = records[:, 0].astype(np.int64)
    if y.max() > 9:
        row = int(np.argmax(y > 9))
        raise ValueError(f"{path} has class {y[row]} in record {row}; CIFAR-10 has 0 to 9: it is not of this layout")
    return records[:, 1:].astype(np.float32) / np.float32(255), y
