"""What commands are made of, and the gate that all pass."""
