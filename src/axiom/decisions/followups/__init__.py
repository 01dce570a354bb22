"""What to ask next, given what was found."""
