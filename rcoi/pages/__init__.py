"""Pages of the centre."""

from rcoi.pages import home, importing, inbox, preparation, reports, statuses

__all__ = ["home", "importing", "inbox", "preparation", "reports", "statuses"]
