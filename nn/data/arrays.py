"""Data on its way into a net: arrays of whatever holds it, parts to train and to test on, one scale, batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Sized
from numbers import Real
from typing import Any

import numpy as np

from autograd import Node, Tensor, Value

from ..arguments import as_array, count, flag
from ..randomness import Random, RandomLike, permutation, source


def plain_array(x: Any, name: str) -> np.ndarray:
    """Take data as an array of finite numbers, or say what is wrong with it.

    Args:
        x: an array, a Tensor, nested lists, or a frame or series of pandas or polars.
        name: what the argument is called, for the message.

    Raises:
        TypeError: there is something in it that is no number, or it is no data at all.
        ValueError: rows differ in length, or an entry is NaN or infinite.

    >>> plain_array([[1, 2], [3, 4]], "X").shape
    (2, 2)
    """
    array = _array(x, name)
    strange = np.zeros(array.shape, dtype=bool)
    if array.dtype.kind == "O":
        strange.ravel()[:] = [not isinstance(entry, (Real, np.bool_)) for entry in array.flat]
        array = array if strange.any() else array.astype(np.float64)  # a frame of whole numbers, bools and floats
    if array.dtype.kind not in "iufb":
        where = _place(array, strange, x)
        raise TypeError(f"`{name}` holds {where or array.dtype}, not numbers: turn it into numbers first")
    bad = ~np.isfinite(array)
    if np.any(bad):
        raise ValueError(f"`{name}` holds {_place(array, bad, x)}: remove or fill in such rows first")
    return array


def as_inputs(X: Any, name: str = "X") -> np.ndarray:
    """Take inputs as an array of floats with rows and columns; float32 stays float32.

    Raises:
        TypeError, ValueError: as `plain_array`, or there are no rows or no columns.

    >>> as_inputs([[1, 2], [3, 4]]).dtype
    dtype('float64')
    """
    array = plain_array(X, name)
    if array.ndim < 2:
        raise ValueError(
            f"`{name}` has shape {array.shape}; it needs rows and columns, (n, fan_in): write "
            f"`{name}.reshape(-1, 1)` if that is one column, `{name}.reshape(1, -1)` if it is one row"
        )
    if not array.size:
        raise ValueError(f"`{name}` has shape {array.shape}: there is nothing in it")
    return array if array.dtype.kind == "f" and array.itemsize >= 4 else array.astype(np.float64)


def node_or_floats(x: Any, name: str, user: Any) -> Any:
    """Take what a layer or a loss is called with: a node as it is, lists of nodes as a Tensor, else an array of floats.

    Args:
        user: the layer or loss, for the message.

    Raises:
        TypeError: there is something in it that is no real number.

    >>> node_or_floats([1, 2], "x", user="Dropout(0.5)")
    array([1., 2.])
    """
    if isinstance(x, Node):
        return x
    try:
        array = as_array(x, name)
    except TypeError:  # a node has refused to become a plain number
        return Tensor(x)
    if array.dtype.kind not in "iufb":
        raise TypeError(f"`{name}` is {x!r:.40} of {array.dtype}; {user} needs real numbers")
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def column_names(X: Any) -> list[str | int] | None:
    """List the names of the columns of a frame; None where `X` has none, or they are no texts and whole numbers."""
    columns = getattr(X, "columns", None)
    if columns is None or callable(columns):
        return None
    names = [name.item() if isinstance(name, np.generic) else name for name in columns]
    return names if all(type(name) in (str, int) for name in names) else None


def arranged(X: Any, columns: Sequence[str | int] | None, name: str = "X") -> Any:
    """Return a frame with its columns in the order in which a model was trained; anything else stays as it is.

    Columns that are only numbered, 0 to k - 1, have no names: they are taken by their places.

    Raises:
        ValueError: columns are missing, there are others, or one comes twice.
    """
    given = column_names(X)
    if given is None or columns is None or given == list(columns):
        return X
    missing, extra = [c for c in columns if c not in given], [c for c in given if c not in columns]
    if (missing or extra) and list(range(len(given))) in (given, list(columns)):
        return X
    if missing or extra or len(given) != len(columns):
        twice = sorted({repr(c) for c in given if given.count(c) > 1})
        wrong = [
            f"{what} {', '.join(map(repr, names[:6]))}{', ...' if len(names) > 6 else ''}"
            for what, names in (("lacks", missing), ("also has", extra)) if names
        ] or [f"has {', '.join(twice)} twice"]  # fmt: skip
        known = ", ".join(map(repr, columns[:12])) + (", ..." if len(columns) > 12 else "")
        raise ValueError(f"`{name}` {' and '.join(wrong)}: the model was trained on the columns {known}")
    return X[list(columns)]


def label_array(y: Any, name: str) -> np.ndarray:
    """Take the labels of classes, which may be anything that can be put in order: numbers, strings, bools.

    Raises:
        ValueError: one is missing (None, NaN).
        TypeError: they cannot be put in order.

    >>> label_array(["cat", "dog"], "y")
    array(['cat', 'dog'], dtype='<U3')
    """
    array = _array(y, name)
    missing = _missing(array)
    if np.any(missing):
        raise ValueError(f"`{name}` holds {_place(array, missing, y)}: each row needs a label")
    if array.dtype.kind == "O":
        kinds = {type(label) for label in array.flat}
        if kinds == {str}:
            return array.astype(str)
        if kinds <= {bool, np.bool_}:
            return array.astype(bool)
        try:
            sorted(set(array.flat))
        except TypeError:
            names = " and ".join(sorted(kind.__name__ for kind in kinds))
            raise TypeError(f"`{name}` mixes labels of type {names}: use one type for all") from None
    return array


def split(
    X: Any, y: Any, held_out: float | Sequence[float] = 0.2, rng: RandomLike = None, *, stratify: Any = None
) -> tuple[Any, ...]:
    """Split data by chance into a part to train on and one or more that are held out.

    Args:
        X, y: arrays, lists or frames with equally many rows.
        held_out: the share that is held out, between 0 and 1; or several, as `(0.2, 0.1)`: two tenths to
            validate and one to test.
        rng: a seed, a generator or None.
        stratify: labels, such as `y`: each part then has about the same share of every class, and at least one row.

    Returns:
        `X_train, X_test, y_train, y_test`; for two shares `X_train, X_val, X_test, y_train, y_val, y_test`. Arrays;
        the parts of a frame `X` are frames, with their columns' names.

    Raises:
        ValueError: the lengths differ, one of the parts would be empty, or a class has too few rows for all parts.

    >>> X, y = np.zeros((10, 2)), np.arange(10)
    >>> [part.shape for part in split(X, y, 0.2, rng=1)]
    [(8, 2), (2, 2), (8,), (2,)]
    >>> [len(part) for part in split(X, y, (0.2, 0.1), rng=1)]
    [7, 2, 1, 7, 2, 1]
    """
    frame, X, y = X, _array(X, "X"), _array(y, "y")
    if not X.ndim or not y.ndim:
        raise ValueError(f"`X` has shape {X.shape} and `y` {y.shape}; both need rows")
    if len(X) != len(y):
        raise ValueError(f"`X` has {len(X)} rows and `y` {len(y)}; they must be equally many")
    labels = None if stratify is None else label_array(y if stratify is True else stratify, "stratify")
    if labels is not None and labels.shape not in ((len(X),), (len(X), 1)):
        raise ValueError(f"`stratify` has shape {labels.shape}; give a label for each row, such as `stratify=y`")
    parts = parts_of(len(X), held_out, source(rng), labels=labels, all_classes=True)
    X = X if column_names(frame) is None else getattr(frame, "iloc", frame)
    return tuple(array[part] for array in (X, y) for part in parts)


def parts_of(
    n: int, held_out: Any, rng: Random, name: str = "held_out", labels: Any = None, all_classes: bool = False
) -> list[np.ndarray]:
    """Draw the numbers of the rows to train on, and of those of each part that is held out, of `n` rows in all.

    Args:
        labels: the classes of the rows, which keep their shares in all parts; with `all_classes`, each must be in all.
    """
    shares: list[Any] = list(held_out) if isinstance(held_out, (list, tuple)) else [held_out]
    if not shares or not all(isinstance(x, Real) and not isinstance(x, bool) and abs(float(x)) < 1e9 for x in shares):
        raise ValueError(f"`{name}` is a share between 0 and 1, or some of them, not {held_out!r:.60}")
    counts = [round(share * n) for share in shares]
    if min(n - sum(counts), *counts) < 1:
        raise ValueError(f"`{name}` {held_out} of {n} rows leaves one part empty: use shares between 0 and 1")
    order = permutation(rng, n)
    if labels is None:
        *kept, train = np.split(order, np.cumsum(counts))
        return [train, *kept]
    classes, numbers, sizes = np.unique(np.ravel(labels), return_inverse=True, return_counts=True)
    if all_classes and (sizes.min() <= len(counts) or min(n - sum(counts), *counts) < len(classes)):
        rare = classes[sizes.argmin()].item()
        raise ValueError(
            f"`stratify` puts each of {len(classes)} classes into each of {len(counts) + 1} parts; {rare!r:.60} has "
            f"{sizes.min()} rows, and the smallest part {min(n - sum(counts), *counts)}"
        )
    part = np.zeros(n, dtype=int)
    for i, size in enumerate(counts):
        left = [order[(numbers[order] == k) & (part[order] == 0)] for k in range(len(classes))]
        some_of_each = _shares(np.array([len(rows) for rows in left]), size, len(counts) - i)
        for rows, some in zip(left, some_of_each, strict=True):
            part[rows[:some]] = i + 1
    return [order[part[order] == i] for i in range(len(counts) + 1)]


def _shares(sizes: np.ndarray, total: int, later: int) -> np.ndarray:
    """Share `total` rows among classes in proportion to their sizes; a class stays in this part and in `later` ones."""
    most = np.maximum(sizes - later, 0)
    least, fair = np.minimum(most, 1), sizes * total / sizes.sum()
    some = np.clip(np.floor(fair).astype(int), least, most)
    while way := np.sign(total - some.sum()):
        end, far = (most, sizes) if way > 0 else (least, 0 * sizes)
        limit = end if np.any(way * some < way * end) else far
        some[np.where(way * some < way * limit, way * (fair - some), -np.inf).argmax()] += way
    return some


class StandardScaler:
    r"""Scale each column to mean 0 and variance 1: $z = (x - \mu) / \sigma$, a constant column to 0.

    The numbers come from the data to train on, and are then applied to all others. As scikit-learn's, it works in a
    Pipeline; it takes the columns of a frame by their names.

    Attributes:
        mean: $\mu$ of each column, None before `fit`; also as `mean_`.
        scale: $\sigma$, the root of the mean squared deviation; 1 for a constant column; also as `scale_`.

    Source: scikit-learn, `sklearn.preprocessing.StandardScaler`; LeCun, Bottou, Orr and Müller (1998), section 4.3.

    >>> train, test = np.array([[1.0, 5.0], [3.0, 5.0]]), np.array([[2.0, 6.0]])
    >>> scaler = StandardScaler().fit(train)
    >>> scaler.transform(train).tolist(), scaler.transform(test).tolist()
    ([[-1.0, 0.0], [1.0, 0.0]], [[0.0, 1.0]])
    """

    mean: np.ndarray | None = None
    scale: np.ndarray | None = None
    columns: list[str | int] | None = None

    mean_ = property(lambda self: self.mean)
    scale_ = property(lambda self: self.scale)

    def fit(self, X: Any, y: Any = None) -> StandardScaler:
        """Take mean and deviation of the columns of `X`, shape `(n, ...)`; return the scaler. `y` is not used.

        Raises:
            TypeError, ValueError: as `plain_array`, or `X` has no rows.
        """
        columns, X = column_names(X), 1.0 * plain_array(X, "X")
        if not X.ndim or not len(X):
            raise ValueError(f"`X` has shape {X.shape}; it needs rows")
        self.columns, self.n_features_in_ = columns, X.shape[1] if X.ndim == 2 else 1
        constant = X.max(axis=0) == X.min(axis=0)  # where rounding would leave a deviation that is not quite 0
        _, exponent = np.frexp(np.abs(X).max(axis=0))
        size = np.ldexp(np.ones((), X.dtype), exponent - 1)  # a power of two, so that no square is too large or small
        self.mean = np.where(constant, X[0], size * (X / size).mean(axis=0))
        self.scale = np.where(constant, np.ones((), X.dtype), size * (X / size).std(axis=0))
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Return $(x - \\mu) / \\sigma$ as a new array.

        Raises:
            RuntimeError: `fit` has not been called.
            ValueError: the columns are not those that `fit` saw.
        """
        X, mean, scale = self._fitting(X)
        return (X - mean) / scale

    def fit_transform(self, X: Any, y: Any = None) -> np.ndarray:
        """Do both: `fit(X).transform(X)`."""
        return self.fit(X).transform(X)

    def inverse_transform(self, X: Any) -> np.ndarray:
        """Return $z \\sigma + \\mu$: undo `transform`."""
        X, mean, scale = self._fitting(X)
        return X * scale + mean

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the settings, of which there are none, as scikit-learn asks for them."""
        return {}

    def set_params(self, **settings: Any) -> StandardScaler:
        """Return the scaler, which has no settings.

        Raises:
            ValueError: there is one.
        """
        if settings:
            raise ValueError(f"StandardScaler has no settings, such as `{next(iter(settings))}`")
        return self

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import InputTags, Tags, TargetTags, TransformerTags

        return Tags(None, TargetTags(required=False), transformer_tags=TransformerTags(), input_tags=InputTags())

    def _fitting(self, X: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        if self.mean is None or self.scale is None:
            raise RuntimeError("this StandardScaler has seen no data yet: call `fit(X_train)` first")
        X = 1.0 * plain_array(arranged(X, self.columns), "X")
        if X.shape[1:] != self.mean.shape:
            raise ValueError(f"`X` has shape {X.shape}; this StandardScaler has seen rows of shape {self.mean.shape}")
        return X, self.mean, self.scale


def batches(
    n: int | Sized, size: int | None = 32, *, shuffle: bool = True, drop_last: bool = False, rng: RandomLike = None
) -> Iterator[np.ndarray]:
    """Return an iterator over the batches of one epoch: the numbers of the rows of each.

    Args:
        n: how many rows there are, or the data, for its length.
        size: the number of rows in a batch; None for all of them.
        shuffle: whether in random order.
        drop_last: whether to leave out the last batch where it is smaller than the others.
        rng: a seed, a generator or None.

    Raises:
        ValueError: `n` or `size` is no whole number from 1, or there would be no batch.

    >>> [rows.tolist() for rows in batches(5, 2, shuffle=False)]
    [[0, 1], [2, 3], [4]]
    >>> [len(rows) for rows in batches(np.zeros((5, 3)), 2, drop_last=True, rng=1)]
    [2, 2]
    """
    if isinstance(n, Sized) and not (isinstance(n, (np.ndarray, Tensor)) and not n.ndim):
        n = len(n)
    n = count(n, "n")
    sizes = batch_sizes(n, size, flag(drop_last, "drop_last"))
    order = permutation(source(rng), n) if flag(shuffle, "shuffle") else np.arange(n)
    return (order[start : start + sizes[0]] for start in range(0, sum(sizes), sizes[0]))


def batch_sizes(n: int, size: int | None, drop_last: bool) -> list[int]:
    """List how many rows each batch of an epoch has, of `n` rows in all.

    >>> batch_sizes(5, 2, False), batch_sizes(5, 2, True), batch_sizes(5, None, False)
    ([2, 2, 1], [2, 2], [5])
    """
    size = n if size is None else count(size, "batch_size")
    sizes = [size] * (n // size)
    if n % size and not drop_last:
        sizes.append(n % size)
    if not sizes:
        raise ValueError(f"`drop_last` leaves no batch: there are {n} rows, and `batch_size` is {size}")
    return sizes


def _array(x: Any, name: str) -> np.ndarray:
    if x is None or isinstance(x, (str, bytes, dict, set, Iterator)):
        hint = f": write `list({name})`" if isinstance(x, (set, Iterator)) else ""
        raise TypeError(f"`{name}` is an array, a list or a frame, not {type(x).__name__}{hint}")
    try:
        array = as_array(x.data if isinstance(x, (Value, Tensor)) else x, name)
    except TypeError:  # a node has refused to become a plain number
        raise TypeError(f"`{name}` are numbers, not a list of nodes: take their `.data`") from None
    if array.dtype.kind == "O" and array.ndim == 0:
        raise TypeError(f"`{name}` is an array, a list or a frame, not {type(x).__name__}: see `numpy.asarray`")
    return array


def _missing(array: np.ndarray) -> np.ndarray:
    """Mark None, NaN and the like: what is not equal to itself, or does not say whether it is."""
    if array.dtype.kind != "O":
        return array != array
    flags = [entry is None or str(entry == entry) != "True" for entry in array.flat]  # `NA == NA` of pandas is "<NA>"
    return np.array(flags, dtype=bool).reshape(array.shape)


def _place(array: np.ndarray, marks: np.ndarray, x: Any) -> str:
    """Return what the first mark stands on, and where: by the name of the column where `x` is a frame."""
    places = np.argwhere(marks)
    if not len(places):
        return ""
    place = tuple(int(i) for i in places[0])
    columns = getattr(x, "columns", None)
    where = f"at {place}"
    if columns is not None and len(place) == 2:
        where = f"in row {place[0]}, column {columns[place[1]]!r}"
    entry = array[place]
    return f"{entry!r:.40} {where}" if isinstance(entry, str) else f"{entry!s:.40} {where}"
