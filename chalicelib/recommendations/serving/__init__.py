"""Answering: what to recommend, to whom, and why."""
