"""Draft, price and admit proposals."""
