"""Who may do what, and the record of what administrators did."""
