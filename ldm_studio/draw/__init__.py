"""The panels of the main window. Each gets its dependencies in the constructor."""
