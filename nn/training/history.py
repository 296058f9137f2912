"""History: what happened in training, as numbers by name."""

from __future__ import annotations

import base64
import io
from html import escape
from typing import Any

import numpy as np

from autograd import display

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
        """Draw all lists over the epochs with matplotlib; return the axes. See `plots.learning_curve`.

        Raises:
            ValueError: there is nothing to draw yet.
            ImportError: matplotlib is missing.
        """
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
        title, rows = repr(self).partition(";")[0] + ")", {name: np.array(row) for name, row in self.items() if row}
        if not rows:
            return f"<div>{escape(title)}</div>"
        body = [[name, row[0], row[-1], row.min(), int(row.argmin()) + 1] for name, row in rows.items()]
        ends = display.table(["", "first", "last", "smallest", "in epoch"], body)
        return display.side_by_side([(title, _picture(self)), ("", ends)])

    def __repr__(self) -> str:
        epochs = max(map(len, self.values()), default=0)
        ends = [f"{name} {row[0]:.4g} -> {row[-1]:.4g}" for name, row in self.items() if row]
        notes = [*(["interrupted"] if self.interrupted else []), *([self.stopped] if self.stopped else [])]
        return f"History({'; '.join([f'{epochs} epochs', *ends, *notes])})"


def _picture(history: History) -> str:
    """Return the learning curve as an image; nothing where matplotlib is missing."""
    try:
        from matplotlib import rc_context
        from matplotlib.figure import Figure
    except ImportError:
        return ""
    drawn, figure = io.BytesIO(), Figure(figsize=(4.5, 2.5), layout="constrained")
    history.plot(figure.subplots())
    with rc_context({"svg.fonttype": "none"}):  # text stays text
        figure.savefig(drawn, format="svg")
    data, epochs = base64.b64encode(drawn.getvalue()).decode(), max(map(len, history.values()))
    return f'<img alt="{escape(", ".join(history))} over {epochs} epochs" src="data:image/svg+xml;base64,{data}"/>'
