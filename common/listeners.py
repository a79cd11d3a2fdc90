"""Who in the rooms above hears of what happens below: registered by a call, never by a place in a list."""

from collections.abc import Callable, Iterator
from typing import Generic, ParamSpec

P = ParamSpec("P")


class Listeners(Generic[P]):
    """Functions to be called, in the order in which they came; one that comes twice is called once."""

    def __init__(self) -> None:
        self._functions: dict[Callable[P, object], None] = {}

    def register(self, function: Callable[P, object]) -> Callable[P, object]:
        """Let a function be called from now on."""
        self._functions[function] = None
        return function

    def forget(self, function: Callable[P, object]) -> None:
        """Call a function no more."""
        self._functions.pop(function, None)

    def __iter__(self) -> Iterator[Callable[P, object]]:
        """Return the functions that are registered now."""
        return iter(tuple(self._functions))
