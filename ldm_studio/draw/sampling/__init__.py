"""How an image is sampled: the panels of its settings."""
