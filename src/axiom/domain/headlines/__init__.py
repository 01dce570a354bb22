"""The sentence at the head of a finding, and how its numbers are written."""
