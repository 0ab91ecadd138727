"""The view of the canvas."""
