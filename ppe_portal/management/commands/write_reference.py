"""``manage.py write_reference``: brings the reference pages of docs/ up to the code."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import translation

from ppe_portal import reference


class Command(BaseCommand):
    """Write docs/states.md, docs/rules.md, docs/events.md and docs/day.md."""

    help = "Write the reference pages of docs/ from the code."

    def handle(self, *args: Any, **options: Any) -> None:
        with translation.override("ru"):
            for path, text in reference.pages().items():
                path.write_text(text, encoding="utf-8")
                self.stdout.write(str(path))
