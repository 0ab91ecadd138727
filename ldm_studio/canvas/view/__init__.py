"""How the canvas looks."""
