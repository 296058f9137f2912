"""Pages that run in a browser: the playground, the linear classifier and the demos, on the formulas of the library."""

from .page import Page as Page

__all__ = ["Page"]
