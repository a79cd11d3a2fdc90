"""What arrives at the centre: taken in, stored, opened."""
