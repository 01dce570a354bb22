"""What is ordered, given out and judged."""
