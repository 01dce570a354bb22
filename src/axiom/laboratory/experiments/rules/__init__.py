"""Questions: tried out, published, let out and recalled: what is decided from facts alone."""
