"""Language models: what is said to one, what it answers, and how much that may cost."""
