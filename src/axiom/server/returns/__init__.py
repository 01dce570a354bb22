"""What hosts bring back: reports, proofs, checks, standings."""
