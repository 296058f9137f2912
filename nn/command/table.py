"""Tables in CSV files: columns with names, of numbers and of texts."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

__all__ = ["Table", "read_table"]


@dataclass(frozen=True)
class Table:
    """What a CSV file holds, as text: the names of the columns, and rows as long."""

    path: str
    names: list[str]
    rows: list[list[str]]
    lines: list[int]

    def column(self, name: str) -> list[str]:
        """Return the entries of a column."""
        self.known([name])
        place = self.names.index(name)
        return [row[place] for row in self.rows]

    def numbers(self, names: Sequence[str], remedy: str = "") -> np.ndarray:
        """Return columns of numbers as an array, shape `(n, len(names))`.

        Raises:
            ValueError: a column is missing, or an entry is no finite number; says which, and a further `remedy`.
        """
        self.known(names)
        places = [self.names.index(name) for name in names]
        wrong: dict[str, str] = {}
        array = np.empty((len(self.rows), len(names)))
        for i, (line, row) in enumerate(zip(self.lines, self.rows, strict=True)):
            for j, (name, place) in enumerate(zip(names, places, strict=True)):
                array[i, j] = number = _number(row[place])
                if not math.isfinite(number) and name not in wrong:
                    entry = f"holds {row[place]!r:.40}" if row[place].strip() else "is empty"
                    wrong[name] = f"column {name!r} {entry} in line {line}"
        if wrong:
            also = f"{remedy} {','.join(wrong)!r}" if remedy else ""
            raise ValueError(f"{self.path}: a net takes numbers only, and {'; '.join(wrong.values())}: mend it{also}")
        return array

    def known(self, names: Iterable[str]) -> None:
        if missing := [name for name in names if name not in self.names]:
            wanted = ", ".join(map(repr, missing))
            raise ValueError(f"{self.path} has no column {wanted}; it has {', '.join(map(repr, self.names))}")


def read_table(path: str) -> Table:
    """Read a CSV file whose first row names the columns; the separator is a comma, a semicolon or a tab.

    Raises:
        OSError: there is no such file.
        ValueError: it is no such table; says where.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{path} is no text in UTF-8: save it as CSV in UTF-8") from None
    first, _, _ = text.partition("\n")
    separator = max(",;\t", key=first.count)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        rows = [(reader.line_num, row) for row in reader if any(row)]
    except csv.Error as error:
        raise ValueError(f"{path} is no CSV: {error}") from None
    if len(rows) < 2:
        raise ValueError(f"{path} has no rows: the first one names the columns, and data follow")
    names = [name.strip() for name in rows[0][1]]
    if all(math.isfinite(_number(name)) for name in names):
        raise ValueError(f"{path} begins with numbers: the first row must name the columns")
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{path} has two columns called {twice!r}")
    for line, row in rows[1:]:
        if len(row) != len(names):
            raise ValueError(f"{path} has {len(row)} entries in line {line}, and {len(names)} columns")
    return Table(path, names, [[entry.strip() for entry in row] for _, row in rows[1:]], [line for line, _ in rows[1:]])


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
