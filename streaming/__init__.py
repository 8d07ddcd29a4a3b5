"""Bytes over HTTP: parts as they arrive, ranges, and responses that are safe to serve."""
