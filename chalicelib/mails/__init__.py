"""Mails to people: their texts, and a queue in the database that loses none."""
