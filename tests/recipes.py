"""A graph that is not built yet, as data: built on leaves of any engine, and printed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from autograd import TABLE, Tensor, Value


class Place(int):
    """An operand that is a leaf or the result of an earlier step, by its number; other operands are constants."""


class Step(NamedTuple):
    row: str
    operands: tuple[Any, ...]
    settings: dict[str, Any]


@dataclass(slots=True)
class Recipe:
    """A graph that is not built yet: the leaves' numbers, and the steps, the last of which is the root."""

    leaves: list[Any]
    steps: list[Step] = field(default_factory=list)
    is_wild: bool = False

    def build(self, leaves: Sequence[Any], rows: Mapping[str, Callable[..., Any]] = TABLE) -> Any:
        """Apply the rows to leaves of any engine; gives the root."""
        made = list(leaves)
        for row, operands, settings in self.steps:
            made.append(rows[row](*(made[x] if x.__class__ is Place else x for x in operands), **settings))
        return made[-1]

    def nodes(self) -> list[Any]:
        """Make fresh leaves: a Value of a number, a Tensor of an array."""
        return [Value(x) if isinstance(x, float) else Tensor(x.copy()) for x in self.leaves]

    def __str__(self) -> str:
        lines = [f"n{i} = {_text(x)}" for i, x in enumerate(self.leaves)]
        for i, (row, operands, settings) in enumerate(self.steps, start=len(lines)):
            given = [f"n{int(x)}" if isinstance(x, Place) else _text(x) for x in operands]
            given += [f"{name}={value!r}" for name, value in settings.items()]
            lines.append(f"n{i} = {row}({', '.join(given)})")
        return "\n".join(lines)


def _text(x: Any) -> str:
    return repr(x) if isinstance(x, float) else f"np.array({x.tolist()}, np.{x.dtype})"
