"""What findings are weighed from, what came of it, and links between them."""
