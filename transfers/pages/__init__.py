"""Pages of this room."""

from transfers.pages import packets, phone, statuses, trial

__all__ = ["packets", "phone", "statuses", "trial"]
