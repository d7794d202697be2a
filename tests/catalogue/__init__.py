"""Families and items, and how they are found."""
