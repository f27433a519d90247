"""How long what lies on the shelves will last, and what nobody wants."""
