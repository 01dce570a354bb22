"""What is concluded, and from what."""
