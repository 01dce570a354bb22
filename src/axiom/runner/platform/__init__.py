"""What differs between systems and processors."""
