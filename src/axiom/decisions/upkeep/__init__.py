"""Which failures belong together, what a watch tells."""
