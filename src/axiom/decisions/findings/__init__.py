"""What links between findings mean, what predictions were worth, and whether a question is new."""
