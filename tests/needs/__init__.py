"""Campaigns, and what members declare in them."""
