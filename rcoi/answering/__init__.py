"""What the centre says: receipts, the feed, requests to scan again, announcements, words by telephone."""
