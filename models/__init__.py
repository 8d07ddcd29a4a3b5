"""Tortoise models, one concept a file, their engine settings and migrations."""
