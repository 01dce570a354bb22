"""What is concluded, and from what: what is decided from facts alone."""
