"""`axiom ledger`."""
