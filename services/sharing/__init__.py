"""Shares with named accounts, and signed URLs."""
