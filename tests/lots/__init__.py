"""Tests of the room of lots."""
