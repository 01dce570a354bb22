"""A laboratory in a notebook, and a person's own numbers weighed. It only reads."""
