"""What is registered, and what may be: what is decided from facts alone."""
