"""What every printed paper shares."""
