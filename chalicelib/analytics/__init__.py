"""Figures that staff decide from."""
