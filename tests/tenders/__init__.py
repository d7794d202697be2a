"""Suppliers, tenders, offers and their award."""
