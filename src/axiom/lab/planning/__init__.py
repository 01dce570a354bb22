"""Plan what to order, and order it."""
