"""The steps of the laboratory's work: each loads, decides, applies."""
