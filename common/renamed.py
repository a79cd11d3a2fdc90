"""Models that were renamed in the source: their tables stay, and old addresses of the admin lead to the new ones."""

from typing import Any

from django.db.migrations import AlterModelTable, RenameModel
from django.db.migrations.operations.base import Operation
from django.urls import URLPattern, path
from django.views.generic import RedirectView

#: Address of a list in the admin as it was, and as it is.
ADDRESSES = {
    "journals/stationsign": "stations/heartbeat",
    "rcoi/phoneword": "rcoi/phonereport",
    "scanning/step": "scanning/decision",
    "transfers/linecheck": "transfers/connectivitycheck",
}


class RenameInSource(RenameModel):
    """A model got another name; nothing happens in the database, save that Django renames its content type."""

    def database_forwards(self, *args: Any) -> None:
        """Do nothing: the table is pinned."""

    def database_backwards(self, *args: Any) -> None:
        """Do nothing: the table is pinned."""


def renamed(app: str, old: str, new: str) -> list[Operation]:
    """Return the operations that rename a model and pin its table."""
    return [AlterModelTable(old, f"{app}_{old.lower()}"), RenameInSource(old, new)]


def addresses() -> list[URLPattern]:
    """Return the old addresses, each leading to the same list or row."""
    out = []
    for old, new in ADDRESSES.items():
        out.append(path(f"{old}/", RedirectView.as_view(url=f"/{new}/", query_string=True)))
        out.append(path(f"{old}/<path:rest>", RedirectView.as_view(url=f"/{new}/%(rest)s", query_string=True)))
    return out
