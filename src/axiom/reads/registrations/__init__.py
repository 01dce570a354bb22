"""What was written down before it was computed, and whose predictions came true."""
