"""Figures of conversations, by day."""
