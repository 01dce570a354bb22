"""Sessions, what their steps count, and news."""
