"""Questions: tried out, published, let out and recalled: rules that the server shares."""
