"""What only several processes behind nginx can show; ``python -m tests.deployed`` runs it."""
