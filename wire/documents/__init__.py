"""The documents that are signed and sent: packages, keys, acts, receipts, feed items, anchors, words by telephone."""
