"""The pages of the desk; importing them gives each its address."""

from scanning.pages import media, readiness, recordings, room, scanning, sheet, sources

__all__ = ["media", "readiness", "recordings", "room", "scanning", "sheet", "sources"]
