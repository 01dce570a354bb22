"""What a host keeps: its home, a task's slot, checkpoints."""
