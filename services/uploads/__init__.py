"""Uploads: bytes become a file, or leave nothing behind."""
