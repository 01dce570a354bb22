"""What links between findings mean, and what predictions were worth."""
