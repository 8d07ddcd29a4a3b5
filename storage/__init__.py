"""Where bytes live: one contract (``storage.base``) and the back ends that keep it."""
