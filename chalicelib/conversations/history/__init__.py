"""Conversations as they are kept: profiles, sessions, messages, reactions, templates."""
