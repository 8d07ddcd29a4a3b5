"""The ``media`` command."""
