"""What is computed from bytes; no database in sight."""
