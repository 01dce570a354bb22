"""Questions nobody has asked yet."""
