"""What is ordered, given out and judged: rules that the server shares."""
