"""Rows of the table, chip by chip."""
