"""What recommendations bring, beside all that is sold."""
