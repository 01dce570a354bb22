"""What values say about a claim: which count, the verdict, the grade."""
