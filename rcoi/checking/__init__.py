"""What the centre concludes of what it has opened, and what it finds wrong."""
