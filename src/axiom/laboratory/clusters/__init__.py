"""Keys for the pilots of clusters."""
