"""What every reading is built from."""
