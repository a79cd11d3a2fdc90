"""Everything that crosses a wire or a flash drive, and how it is written durably. Knows nothing of Django."""

VERSION = "0.1.0"
