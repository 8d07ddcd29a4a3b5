"""Black-box tests: a real server process, spoken to over HTTP as its clients do."""
