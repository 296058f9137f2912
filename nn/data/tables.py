"""Tables as people have them, CSV files and frames: read, recognised column by column, and turned into numbers."""

from __future__ import annotations

import codecs
import csv
import io
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import numpy as np

from ..arguments import items, optional

_EMPTY = frozenset(["", "na", "n/a", "nan", "null", "none", "nat", "?", "-", "--", "."])
_DATES = ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y/%m/%d", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y")
_PLAIN = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"
_STYLES = {
    "plain": _PLAIN,
    "thousands with commas": rf"{_PLAIN}|[+-]?\d{{1,3}}(,\d{{3}})+(\.\d*)?",
    "decimal commas": r"[+-]?(\d{1,3}(\.\d{3})+|\d*)(,\d+)?",
}
_MOST = 50  # different texts in a column that is one-hot encoded


@dataclass(frozen=True)
class Table:
    """A table as text: its columns by name, and the line of each row in the file."""

    path: str
    columns: dict[str, list[str]]
    lines: list[int]
    separator: str = ","
    notes: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, frame: Any) -> Table:
        """Take a frame of pandas or polars, a dict of columns, or a Table."""
        if isinstance(frame, Table):
            return frame
        frame = frame.collect() if hasattr(frame, "collect") else frame  # a LazyFrame of polars
        names = getattr(frame, "columns", list(frame) if isinstance(frame, Mapping) else None)
        shapes = {np.shape(frame[name]) for name in (() if names is None else names)}
        if names is None or len(shapes) > 1 or any(len(shape) != 1 for shape in shapes):
            raise TypeError(f"`X` is a frame, or a dict from names to columns of equal length, not {frame!r:.60}")
        columns = {str(name): ["" if x is None or x != x else str(x) for x in frame[name]] for name in names}
        return cls("", columns, list(range(len(next(iter(columns.values()), [])))))

    def known(self, names: Iterable[str]) -> None:
        """Check that there are such columns."""
        if missing := [name for name in names if name not in self.columns]:
            wanted, there = (", ".join(map(repr, some)) for some in (missing, self.columns))
            raise ValueError(f"{self.path or '`X`'} has no column {wanted}; it has {there}")

    def take(self, rows: Sequence[int]) -> Table:
        """Return a table of some of the rows."""
        columns = {name: [entries[i] for i in rows] for name, entries in self.columns.items()}
        return replace(self, columns=columns, lines=[self.lines[i] for i in rows])

    def complete(self, names: Iterable[str]) -> list[int]:
        """List the rows that have no empty cell in some columns."""
        rows = zip(*(self.columns[name] for name in names), strict=True)
        return [i for i, row in enumerate(rows) if not any(map(is_empty, row))]


def read_table(path: str) -> Table:
    """Read a CSV file whose first row names the columns: in UTF-8, UTF-16 or Latin-1, with commas, semicolons or tabs.

    Raises:
        OSError: there is no such file.
        ValueError: it is no such table; says where.
    """
    text, notes = _text(path)
    separator = max(",;\t", key=text.partition("\n")[0].count)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        rows = [(reader.line_num, [entry.strip() for entry in row]) for row in reader]
    except csv.Error as error:
        raise ValueError(f"{path} is no CSV: {error}") from None
    rows = [(line, row) for line, row in rows if any(row)]
    if len(rows) < 2:
        raise ValueError(f"{path} has no rows: the first one names the columns, and data follow")
    given = rows[0][1]
    if all(re.fullmatch(_PLAIN, name) for name in given):
        raise ValueError(f"{path} begins with numbers: the first row must name the columns")
    for line, row in rows[1:]:
        if len(row) != len(given):
            raise ValueError(f"{path} has {len(row)} entries in line {line}, and {len(given)} columns")
    names: list[str] = []
    for name in given:
        new = name or "index"
        while new in names:
            new = f"{new}_2"
        if name and new != name:
            notes.append(f"two columns are called {name!r}: the second is {new!r} here")
        names.append(new)
    lines, entries = zip(*rows[1:], strict=True)
    columns = {name: list(column) for name, column in zip(names, zip(*entries, strict=True), strict=True)}
    return Table(path, columns, list(lines), separator, notes)


def _text(path: str) -> tuple[str, list[str]]:
    data = Path(path).read_bytes()
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return data.decode("utf-16" if wide else "utf-8-sig"), []
    except UnicodeDecodeError:
        if b"\0" in data:
            raise ValueError(f"{path} is no text: save it as CSV in UTF-8") from None
        return data.decode("latin-1"), ["read as Latin-1, as it is no UTF-8"]


# Cells ---------------------------------------------------------------------------------------------------------


def is_empty(entry: str) -> bool:
    return entry.strip().lower() in _EMPTY


def _number(entry: str, style: str) -> float:
    bare = re.sub(r"[\s'’$€£¥%]|EUR|USD", "", entry)  # spaces, apostrophes between thousands, currencies, percent
    if not bare or not re.fullmatch(_STYLES[style], bare):
        return math.nan
    return float(bare.replace(".", "").replace(",", ".") if style == "decimal commas" else bare.replace(",", ""))


def _days(entry: str, form: str) -> float:
    try:
        return datetime.strptime(entry, form).replace(tzinfo=UTC).timestamp() / 86400
    except ValueError:
        return math.nan


def recognised(entries: Sequence[str], separator: str) -> tuple[str, str] | None:
    """Return what all entries are, numbers or dates, and how they are written; None for texts."""
    styles = list(_STYLES) if separator == "," else ["plain", "decimal commas", "thousands with commas"]
    for kind, read, ways in (("number", _number, styles), ("date", _days, list(_DATES))):
        for way in ways:
            if not any(math.isnan(read(entry, way)) for entry in entries):
                return kind, way
    return None


def numbers_of(table: Table, name: str, kind: str, way: str) -> np.ndarray:
    """Return a column as numbers; empty cells are NaN.

    Raises:
        ValueError: an entry is no such number.
    """
    entries = table.columns[name]
    read = _days if kind == "date" else _number
    found = np.array([math.nan if is_empty(entry) else read(entry, way) for entry in entries])
    for i in np.flatnonzero(np.isnan(found)):
        if not is_empty(entries[i]):
            raise ValueError(f"{table.path or '`X`'}: column {name!r} holds {entries[i]!r:.40} in line "
                             f"{table.lines[i]}, where a {kind} is expected: mend it")  # fmt: skip
    return found


# Columns -------------------------------------------------------------------------------------------------------


class TableEncoder:
    """Turn a table with texts, dates and empty cells into an array of numbers, by scikit-learn's transformers.

    Numbers stay, and dates become days since 1970; empty cells get the median. Texts are one-hot encoded; empty cells
    get the most frequent text, and texts that `fit` has not seen become zeros. Columns of too many texts are left out.

    Args:
        ignore: columns to leave out.

    Attributes:
        notes: what was done, in words.

    Raises:
        ImportError: the table has texts or empty cells, and scikit-learn is not installed.

    Source: scikit-learn's ColumnTransformer, SimpleImputer and OneHotEncoder.

    >>> import pytest; sklearn = pytest.importorskip("sklearn")
    >>> encoder = TableEncoder()
    >>> encoder.fit_transform({"age": [20.0, None, 40.0], "town": ["Ulm", "Bonn", "Ulm"]})
    array([[20.,  0.,  1.],
           [30.,  1.,  0.],
           [40.,  0.,  1.]])
    """

    def __init__(self, ignore: Iterable[str] = ()) -> None:
        self.ignore = items(ignore, "ignore")
        if not all(isinstance(name, str) for name in self.ignore):
            raise TypeError(f"`ignore` is a list of names of columns, not {ignore!r:.60}")
        self.columns, self.notes = list[dict[str, Any]](), list[str]()

    def fit(self, X: Any, y: Any = None, rows: Sequence[int] | None = None) -> Self:
        """Find out what the columns are; learn medians and categories, from some `rows` only if these are given."""
        table = Table.of(X)
        table.known(self.ignore)
        self.columns, self.notes = [], []
        for name, entries in table.columns.items():
            if name in self.ignore:
                continue
            if name == "index" and entries in ([str(i) for i in range(k, k + len(entries))] for k in (0, 1)):
                self.notes.append("the column without a name counts the rows: left out")
            elif (known := self._column(table, name, entries)) is not None:
                self.columns.append(known)
        part = table if rows is None else table.take(rows)
        for known in self.columns:
            self._learn(part, known)
        return self

    def _column(self, table: Table, name: str, entries: list[str]) -> dict[str, Any] | None:
        present = [entry for entry in entries if not is_empty(entry)]
        if not present:
            self.notes.append(f"column {name!r} is empty: left out")
            return None
        if (found := recognised(present, table.separator)) is not None:
            kind, way = found
            if kind == "date" or way != "plain":
                self.notes.append(f"column {name!r} read as {'dates' if kind == 'date' else 'numbers'}, {way}")
            return {"name": name, "kind": kind, "way": way}
        others = [entry for entry in present if math.isnan(_number(entry, "plain"))]
        if len(others) <= len(present) / 2:
            line = table.lines[entries.index(others[0])]
            option = f"--ignore {name!r}" if table.path else "`ignore`"
            raise ValueError(f"{table.path or '`X`'}: column {name!r} holds {others[0]!r:.40} in line {line} among "
                             f"numbers: mend it, or leave the column out with {option}")  # fmt: skip
        if len(set(present)) > min(_MOST, max(2, len(present) / 2)):
            self.notes.append(f"column {name!r} holds {len(set(present))} different texts: left out")
            return None
        return {"name": name, "kind": "text"}

    def _learn(self, table: Table, known: dict[str, Any]) -> None:
        if known["kind"] != "text":
            found = numbers_of(table, known["name"], known["kind"], known["way"])
            known["fill"] = float(np.nanmedian(found)) if not np.isnan(found).all() else 0.0
            return
        present = [entry for entry in table.columns[known["name"]] if not is_empty(entry)]
        known["fill"] = min(Counter(present).items(), key=lambda pair: (-pair[1], pair[0]))[0] if present else ""
        known["categories"] = sorted(set(present))

    def transform(self, X: Any) -> np.ndarray:
        """Return the numbers, shape `(n, features)`. What was filled or unknown stands in `notes`."""
        table = Table.of(X)
        table.known([known["name"] for known in self.columns])
        self.notes = []
        cells = np.empty((len(table.lines), len(self.columns)), object)
        for i, known in enumerate(self.columns):
            name, entries = known["name"], table.columns[known["name"]]
            if known["kind"] == "text":
                cells[:, i] = ["" if is_empty(entry) else entry for entry in entries]
                unknown = set(cells[:, i]) - {"", *known["categories"]}
                if unknown:
                    self.notes.append(f"column {name!r}: {', '.join(map(repr, sorted(unknown)[:4]))} unknown, zeros")
            else:
                cells[:, i] = numbers_of(table, name, known["kind"], known["way"])
            if count := sum(map(is_empty, entries)):
                if known["fill"] is None:
                    raise ValueError(f"{table.path or '`X`'}: column {name!r} is empty in line "
                                     f"{table.lines[[*map(is_empty, entries)].index(True)]}: mend it")  # fmt: skip
                many = "cell" if count == 1 else "cells"
                self.notes.append(f"column {name!r}: {count} empty {many} filled with {known['fill']!r}")
        if not any(known["kind"] == "text" for known in self.columns) and not self.notes:
            return cells.astype(np.float64)
        return np.asarray(self._transformer().fit_transform(cells), dtype=np.float64)

    def fit_transform(self, X: Any, y: Any = None) -> np.ndarray:
        """Return `fit(X).transform(X)`."""
        before = self.fit(X).notes
        out = self.transform(X)
        self.notes = [*before, *self.notes]
        return out

    def _transformer(self) -> Any:
        """Make scikit-learn's transformers of what was learned; they learn nothing more."""
        optional("sklearn", "a table with texts or empty cells", '`pip install "chalkgrad[data]"`')
        from sklearn.compose import ColumnTransformer
        from sklearn.impute import SimpleImputer
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import OneHotEncoder

        parts: list[Any] = []
        for i, known in enumerate(self.columns):
            names: Any = [known["categories"]] if known["kind"] == "text" else None
            empty: Any = "" if names else np.nan
            steps: list[Any] = [SimpleImputer(missing_values=empty, strategy="constant", fill_value=known["fill"])]
            if names:
                steps.append(OneHotEncoder(categories=names, handle_unknown="ignore", sparse_output=False))
            parts.append((str(i), make_pipeline(*steps), [i]))
        return ColumnTransformer(parts)

    def config(self) -> list[dict[str, Any]]:
        """Return what was learned, as plain texts and numbers."""
        return self.columns

    @classmethod
    def from_config(cls, config: Iterable[Any]) -> Self:
        """Make an encoder of what `config` gave, or of the names of columns of numbers."""
        made = cls()
        of_old = {"kind": "number", "way": "plain", "fill": None}
        made.columns = [{"name": known, **of_old} if isinstance(known, str) else known for known in config]
        return made
