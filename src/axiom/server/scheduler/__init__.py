"""One scheduler request: who asks, what it reports, what it is answered."""
