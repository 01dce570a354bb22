"""What is kept of maps."""
