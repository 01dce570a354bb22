"""What goes wrong: what is decided from facts alone."""
