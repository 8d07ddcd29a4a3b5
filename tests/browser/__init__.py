"""The library in a real Chromium, as people use it."""
