"""Agreements, their ceilings and who may order."""
