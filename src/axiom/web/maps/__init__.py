"""Maps: their pages, their pictures and their data."""
