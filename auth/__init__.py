"""Who is asking, and may they: tokens, the viewer and the access policy."""
