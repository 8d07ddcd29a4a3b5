"""The JSON routes of the REST contract, thin over the services."""
