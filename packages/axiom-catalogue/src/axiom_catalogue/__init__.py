"""The science: one experiment is one file and one question. No file imports another, and nobody imports a file."""
