"""What an account may do: limits on commands, passwords, guesses, what others may read."""
