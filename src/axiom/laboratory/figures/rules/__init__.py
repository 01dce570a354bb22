"""Pictures: what is decided of them from facts alone."""
