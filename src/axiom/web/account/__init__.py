"""Pages for whoever is signed in, and their forms."""
