"""Settings: each is declared once, with its check, and is checked when it is given and when it is assigned."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, dataclass_transform

from ..arguments import hinted, near, within

Check = Callable[[Any, str], Any]
"""A function of what came for a setting, and of its name, to what is kept; it raises where that is wrong."""


def setting(*, check: Check = within, kw_only: bool = True, **default: Any) -> Any:
    """Declare a setting, as in `momentum: float = setting(default=0.0, check=PART)`.

    Args:
        check: as for `Check`; a number from 0 if left out.
        kw_only: whether it is given by its name only.
        **default: what it is where it is left out, by the name `default`; without it, it must be given.
    """
    return field(kw_only=kw_only, metadata={"check": check}, **default)


PART: Check = functools.partial(within, low=0.0, high=1.0)
"""The check of a number from 0 up to, but not including, 1."""

SHARE: Check = functools.partial(within, low=0.0, high=1.0, closed=True)
"""The check of a number from 0 to 1."""

_HOME = __name__.partition("optim")[0]


@dataclass_transform(kw_only_default=True, field_specifiers=(setting, field))
class Configured:
    """What has settings. Each subclass is a dataclass: it declares them, and inherits those of its base.

    An instance of a class of the library takes no attribute that was not declared: it would never be read.
    """

    __dataclass_fields__: ClassVar[dict[str, Any]]
    _checks: ClassVar[dict[str, Check]] = {}

    def __init_subclass__(cls, **settings: Any) -> None:
        super().__init_subclass__(**settings)
        dataclass(cls, kw_only=True, repr=False, eq=False)  # it leaves an `__init__` of the class alone
        own = {name: x.metadata for name, x in cls.__dataclass_fields__.items()}
        cls._checks = cls._checks | {name: x["check"] for name, x in own.items() if "check" in x}
        cls.__init__ = hinted(cls.__init__)  # type: ignore[method-assign]

    def __setattr__(self, name: str, thing: Any) -> None:
        if (check := self._checks.get(name)) is not None:
            thing = check(thing, name)
        elif name[0] != "_" and name not in self.__dataclass_fields__ and not hasattr(type(self), name):
            self._refuse(name)
        super().__setattr__(name, thing)

    def _refuse(self, name: str) -> None:
        """Refuse an attribute that nothing would read; a class of a user may have any."""
        if type(self).__module__.startswith(_HOME):
            known = ", ".join(self._checks)
            hint = near(name, self._checks)
            raise AttributeError(f"{type(self).__name__} has no setting `{name}`; its settings are {known}{hint}")
