"""Thanks for computing."""
