"""Thanks for computing: what is decided from facts alone."""
