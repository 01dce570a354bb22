"""`axiom experiment`."""
