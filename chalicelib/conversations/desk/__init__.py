"""The help desk: staff look over conversations, take them over and learn from what went wrong."""
