"""The pages of the desk; importing them gives each its address."""

from scanning.pages import desk, media, readiness, recordings, room, sheet, sources

__all__ = ["desk", "media", "readiness", "recordings", "room", "sheet", "sources"]
