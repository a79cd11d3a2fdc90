"""What the registry says, asked once for many journals of one folder or one burst."""

import time
from collections.abc import Callable, Hashable
from typing import Any, TypeVar, cast

T = TypeVar("T")

#: After so many seconds the registry is asked again: it may change while a long folder is taken in.
LIFETIME = 2.0


class Lookups:
    """Remembers answers of the registry and of the trust for a moment.

    It belongs to one caller that takes in many files in a row; it is never kept between requests.
    """

    def __init__(self) -> None:
        """Know nothing yet."""
        self._known: dict[Hashable, object] = {}
        self._born = time.monotonic()

    def once(self, key: Hashable, ask: Callable[[], T]) -> T:
        """Return the answer for a key; ask when it is not known or has become old."""
        moment = time.monotonic()
        if moment - self._born > LIFETIME:
            self._known.clear()
            self._born = moment
        if key not in self._known:
            self._known[key] = ask()
        return cast(Any, self._known[key])  # type: ignore[no-any-return]
