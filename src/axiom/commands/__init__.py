"""The only door to a change: one typed command per verb, the same for every caller."""
