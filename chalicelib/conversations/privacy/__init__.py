"""What of conversations is given out, forgotten and let go with time."""
