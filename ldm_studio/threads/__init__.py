"""The two ways off the interface thread, and back."""
