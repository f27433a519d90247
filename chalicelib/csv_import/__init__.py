"""The six CSV files of a shop: read, checked, written in bulk."""
