"""Everything that crosses a wire or a flash drive, without Django."""

VERSION = "0.1.0"
