"""Scripted dialogues with the assistant: what shoppers say, and facts that must hold of the answers."""
