"""Knowing that recommendations work: what was shown, clicked and bought, experiments, and an alarm when it falls."""
