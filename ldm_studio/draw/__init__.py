"""The panels of the main window. Each gets what it needs by its constructor."""
