"""What every HTTP route shares: request helpers, negotiation, the error table, rate classes."""
