"""The tests; a package so that shared suites can be imported by one name."""
