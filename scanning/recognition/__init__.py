"""Reading of pages and recordings. Django-free: it runs in a decoding child process (`scanning.recognition.child`)."""
