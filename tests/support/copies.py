"""A copy of the database, as an administrator makes it before a day and puts it back after a disaster."""

import sqlite3

from django.db import connection


class Copy:
    """The rows of this moment."""

    def __init__(self) -> None:
        self._rows = sqlite3.connect(":memory:")
        connection.ensure_connection()
        connection.connection.backup(self._rows)

    def put_back(self) -> None:
        """Bring the database to what it was when the copy was made; the data folder is left as it is."""
        connection.ensure_connection()
        self._rows.backup(connection.connection)
