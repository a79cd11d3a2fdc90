"""The scanning desk: sources, recognition, room cards, reconciliation, recordings, the scan journal."""
