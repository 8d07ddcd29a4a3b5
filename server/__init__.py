"""The composition root: settings in, an ASGI application out."""
