"""Captured objects: the objects that a function reads besides its arguments, and those that it changes.

A traversal before the trace follows names, closures, defaults, attributes and containers. After the trace, the objects
must be unchanged. Otherwise their old contents are restored, and an error refuses the function. A second traversal,
after the trace, follows only code that has run. Its objects are compared before each run of the program. The comparison
takes some nanoseconds per object, and for a captured array it compares all bytes, unless the array is read-only and
owns its data.
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from .codes import ASKING, named
from .purity import REMEDY, Observer
from .sources import Draw, set_states, state_of
from .ties import text
from .traversal import Traversal


class Captured:
    """A record of what functions and objects read, to be compared with what they would read now.

    Args:
        roots: them, by the names that messages have for them.
        carried: leaves that a program has in its state: others may stand in for them.

    Attributes:
        found: the last traversal.
        ran: the code that has run, which alone is followed; None before the trace.
    """

    def __init__(self, roots: dict[str, Any], carried: Sequence[Any] = (), ran: Any = None) -> None:
        self._roots, self._carried, self.ran = roots, carried, ran
        self.found = self._before = Traversal(roots, ran, carried)
        self._states = self._before.generators  # as the draws of the trace leave them
        self._draws_change = False  # whether draws change more than the states of generators
        self._after: Any = ()  # the states that `undraw` has undone
        self.drawn: list[tuple[Any, Any, Any]] = []  # what `fresh` drew, between the states before and behind it

    def changed(self, roots: dict[str, Any] | None = None) -> str:
        """Return the place of something that is not as it was, or "". Other objects may stand in for equal ones."""
        place = self.found.ties.changed()
        if place is None and roots is None:
            return ""
        now = Traversal(roots or self._roots, self.ran, self._carried)
        if now.facts != self.found.facts:
            return text(place) or "an argument"
        self._roots, self.found = roots or self._roots, now
        return ""

    def holds(self, roots: dict[str, Any]) -> bool:
        """Return whether nothing has changed, and the roots are the same or equal ones."""
        same = roots is self._roots or all(map(operator.is_, roots.values(), self._roots.values()))
        return (same and self.found.glance()) or not self.changed(None if same else roots)

    def reads(self, facts: list[Any]) -> bool:
        """Return whether what was found is equal to this, and all of it can be watched."""
        return self.found.facts == facts and not self.found.refused and not self.found.iterators

    def put_back(self) -> None:
        """Restore everything to the state before the trace."""
        self._before.ties.put_back()
        self._before.leaves.put_back()
        self.rewind()

    def rewind(self) -> None:
        """Restore the random generators to their states before the trace."""
        set_states(self._before.generators)

    def undraw(self) -> bool:
        """Restore the random generators to their states before the trace. False if draws may change other objects."""
        if self._draws_change or self._before.refused:
            return False
        self._after = self.states()
        self.rewind()
        return True

    def draw_again(self) -> bool:
        """Undo `undraw`, if it has been done; False where somebody has drawn meanwhile."""
        if self._after and any(state_of(g) != was for g, _, was in self._before.generators):
            return False
        set_states(self._after)
        return True

    def states(self) -> list[tuple[Any, Any]]:
        """Return all generators with the states that they have now."""
        return [(g, state_of(g)) for g, *_ in self._states]

    # The trace ---------------------------------------------------------------------------------------------

    def asks(self) -> bool:
        """Return whether code that has run could ask what kind of object it has."""
        return any(named(code)[1] & ASKING for code in self.observer.ran)

    @contextmanager
    def traced(self) -> Iterator[None]:
        """Observe a trace, and refuse it where a program could not repeat it.

        Raises:
            RuntimeError: it draws random numbers, changes something, or reads what cannot be watched.
        """
        if self.found.iterators:
            raise RuntimeError(_opaque(self.found.iterators[0]))
        if self._states and "spawn" in self.found.names:
            raise RuntimeError(_opaque("the function may call `spawn` of a generator of random numbers"))
        observer = self.observer = Observer(self.found.codes)
        try:
            with observer.watching():
                yield
        except Exception as error:
            if place := self.drawing_attribute():
                raise RuntimeError(refusal_of_draws(place)) from error
            raise
        self.refuse_changes()
        self.ran = observer.ran
        self.found = Traversal(self._roots, self.ran, self._carried)
        if self.found.refused:
            raise RuntimeError(_opaque(self.found.refused[0]))

    @contextmanager
    def with_stand_ins(self, on: bool = True) -> Iterator[None]:
        """Replace generators by stand-ins, or stand-ins by generators."""
        for table, name, g, other, _ in self._before.stand_ins:
            table[name] = other if on else g
        try:
            yield
        finally:
            for table, name, g, other, _ in self._before.stand_ins:
                table[name] = g if on else other

    def drawing_attribute(self) -> str:
        """Return the place of a generator that a stand-in has replaced, and that was used in the trace; or ""."""
        return next((text(place) for *_, it, place in self._before.stand_ins if it.is_used), "")

    def refuse_changes(self) -> None:
        """Raise if something has changed during the trace."""
        for g, place, was in self._states:
            if state_of(g) != was:
                raise RuntimeError(refusal_of_draws(text(place)))
        leaves = self.found.leaves
        if place := self.changed() or text(leaves.changed(copies=True)):
            raise RuntimeError(
                f"`{place}` changed while the function was traced, and a program would not change it: return it as a "
                "result, or run uncompiled"
            )

    def drawing(self, make: Callable[[], Any]) -> Any:
        """Call `make` for `fresh`. It may do anything, because each run of the program calls it again."""
        profile, before = sys.getprofile(), self._states
        sys.setprofile(None)
        with self.with_stand_ins(False):
            try:
                self.refuse_changes()
                number = make()
            finally:
                if self.changed():
                    self._draws_change = True
                    self.found = Traversal(self._roots, self.ran, self._carried)
                self._states = [(g, place, state_of(g)) for g, place, _ in self.found.generators]
                sys.setprofile(profile)
        if not isinstance(make, Draw):
            self.drawn.append((before, number, self._states))
        return number


def refusal_of_draws(place: str) -> str:
    """Return the error for a function whose random draws a program cannot repeat."""
    return (
        f"the function draws random numbers from `{place}`, which a program would repeat for ever: "
        "draw them inside `chalkgrad.fresh`, as in `fresh(lambda: rng.normal(size=3))`"
    )


def _opaque(what: str) -> str:
    return f"{what}, whose state cannot be watched: {REMEDY}"
