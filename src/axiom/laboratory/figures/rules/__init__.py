"""Pictures: what they show, decided from facts alone."""
