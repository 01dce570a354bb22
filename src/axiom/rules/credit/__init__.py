"""Thanks for computing: rules that the server shares."""
