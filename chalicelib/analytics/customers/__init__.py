"""Figures of customers: how many there were, when they came first, what they come back for, what they are worth."""
