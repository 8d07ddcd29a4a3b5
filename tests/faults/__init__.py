"""What must hold when machines, engines and clients fail: run by ``make test-faults``."""
