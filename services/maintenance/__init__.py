"""Upkeep: the sweeper and the consistency check."""
