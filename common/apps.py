from django.apps import AppConfig
from django.utils import translation

from wire import messages


def _translate(text: str, language: str) -> str:
    with translation.override(language):
        said = translation.gettext(text)
    # The station's client has a catalogue of its own; it is no room of the portal.
    return said if said != text else messages.from_catalogue(text, language)


def _reader() -> str:
    return "en" if (translation.get_language() or "ru").startswith("en") else "ru"


class CommonConfig(AppConfig):
    """Helpers of every room; no tables of its own."""

    name = "common"

    def ready(self) -> None:
        """Let the sentences of `wire` be said from the catalogues of the portal, in the language of the request."""
        messages.translate, messages.reader = _translate, _reader
