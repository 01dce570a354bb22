"""`axiom session` and `axiom pi`."""
