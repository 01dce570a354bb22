"""Questions: tried out, published, let out and recalled: what somebody may do about it."""
