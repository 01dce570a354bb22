"""`axiom finding`, `registration`, `proposal` and `weigh`."""
