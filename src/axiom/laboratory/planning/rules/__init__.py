"""What is ordered next, and where it goes: what is decided from facts alone."""
