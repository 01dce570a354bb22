"""Questions: tried out, published, let out and recalled."""
