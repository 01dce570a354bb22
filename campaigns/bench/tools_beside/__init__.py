"""What the same sweep looks like in each tool, and how the store of each is read."""
