"""The drawn forms of a day: what stands on them, how they are filled, scanned and damaged, and what is true of them."""
