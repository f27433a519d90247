"""Units, their levels, and the ledger of how they came and went."""
