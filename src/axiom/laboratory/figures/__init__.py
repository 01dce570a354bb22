"""Pictures of findings and sweeps."""
