"""What every other layer may use: errors, identifiers and settings."""
