"""The old laboratory's five sessions, held again with a synthetic fleet."""
