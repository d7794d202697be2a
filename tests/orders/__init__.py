"""The tests of the orders room."""
