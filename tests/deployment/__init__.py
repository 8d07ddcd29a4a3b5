"""What only several processes behind nginx can show; `scripts/test-deployment` runs it."""
