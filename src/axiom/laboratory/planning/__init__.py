"""What is ordered next, and where it goes."""
