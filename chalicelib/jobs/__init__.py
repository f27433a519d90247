"""Scheduled work as a product: what runs when, whether it went well, and running it by hand."""
