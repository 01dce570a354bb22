"""What is written down before it is computed."""
