"""What the registry says, asked once for many journals of one folder or one burst."""

import time
from collections.abc import Callable, Hashable, Iterable
from typing import Any, TypeVar, cast

from stations.matching import assignments_of
from stations.models import Sitting, StationAssignment

T = TypeVar("T")

#: After so many seconds the registry is asked again: it may change while a long folder is taken in.
LIFETIME = 2.0


class Lookups:
    """Remembers answers of the registry and of the trust for a moment.

    It belongs to one caller that takes in many files in a row; it is never kept between requests.
    """

    def __init__(self, *, many: bool = True) -> None:
        """Know nothing yet; `many` files are worth a question about all the stations of an exam at once."""
        self._many = many
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

    def posts(self, sitting: Sitting, kind: str, number: str) -> list[StationAssignment]:
        """Return the posts of the station that carries exactly this number, each with its station and room."""
        if not self._many:
            return list(assignments_of(sitting, kind).filter(station__number=number))
        return self.once(("posts", sitting.pk, kind), lambda: _by_number(assignments_of(sitting, kind))).get(number, [])


def _by_number(posts: Iterable[StationAssignment]) -> dict[str, list[StationAssignment]]:
    found: dict[str, list[StationAssignment]] = {}
    for post in posts:
        found.setdefault(post.station.number, []).append(post)
    return found
