"""Tests of the savings room."""
