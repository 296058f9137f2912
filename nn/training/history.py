"""History: what happened in training, as numbers by name."""

from __future__ import annotations

from typing import Any

from autograd import display

from ..display import curves
from ..plots import learning_curve


class History(dict[str, list[float]], display.Shown):
    """What happened in training: lists with one number per epoch, by name; `history["loss"]`.

    `pandas.DataFrame(history)` is a table of it, with a row for each epoch.

    Attributes:
        compiled: whether all steps ran natively, as compiled programs.
        interrupted: whether training was ended by Ctrl-C. An epoch that was not finished is not in the lists.
        stopped: why a callback ended the training, or "".

    >>> History(loss=[1.0, 0.25])
    History(2 epochs; loss 1 -> 0.25)
    """

    compiled = False
    interrupted = False
    stopped = ""

    def plot(self, ax: Any = None) -> Any:
        """Draw all lists over the epochs with matplotlib; gives the axes. See `plots.learning_curve`."""
        return learning_curve(self, ax)

    def last(self) -> dict[str, float]:
        """Return the numbers of the last epoch.

        >>> History(loss=[1.0, 0.25]).last()
        {'loss': 0.25}
        """
        return {name: row[-1] for name, row in self.items() if row}

    def trim(self) -> None:
        """Cut all lists to the length of the shortest, where the last epoch was not written down whole.

        >>> history = History(loss=[1.0, 0.5], val_loss=[2.0])
        >>> history.trim()
        >>> history["loss"]
        [1.0]
        """
        shortest = min(map(len, self.values()), default=0)
        for row in self.values():
            del row[shortest:]

    def _html(self) -> str:
        return curves(repr(self).partition(";")[0] + ")", self)

    def __repr__(self) -> str:
        epochs = max(map(len, self.values()), default=0)
        ends = [f"{name} {row[0]:.4g} -> {row[-1]:.4g}" for name, row in self.items() if row]
        notes = [*(["interrupted"] if self.interrupted else []), *([self.stopped] if self.stopped else [])]
        return f"History({'; '.join([f'{epochs} epochs', *ends, *notes])})"
