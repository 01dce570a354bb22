"""Experiments of the catalogue as they were written before: NumPy by hand, with the gradients spelled out."""
