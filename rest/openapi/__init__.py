"""The REST routes described as OpenAPI 3.1, by hand, with every limit taken from the code."""
