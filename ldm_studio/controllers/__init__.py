"""What the window does: the store, and a controller for each thing a person can do."""
