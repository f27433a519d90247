"""Alerts: figures outside their usual range, and best sellers that run out."""
