"""Accounts, sessions, API keys and identities: who a caller is."""
