"""The language of everything that is printed or signed."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.utils import translation

LANGUAGE = "ru"
P = ParamSpec("P")
T = TypeVar("T")


def in_russian(make: Callable[P, T]) -> Callable[P, T]:
    """Make a paper in Russian, whoever asks for it: one text for one content, so that its hash and number stand."""

    @wraps(make)
    def made(*args: P.args, **kwargs: P.kwargs) -> T:
        with translation.override(LANGUAGE):
            return make(*args, **kwargs)

    return made
