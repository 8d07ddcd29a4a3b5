"""Written by the ORM's tool (``tortoise makemigrations``), in order; never edited once released."""
