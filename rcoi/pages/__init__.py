"""Pages of the centre."""

from rcoi.pages import desk, home, inbox, preparation, reports, statuses

__all__ = ["desk", "home", "inbox", "preparation", "reports", "statuses"]
