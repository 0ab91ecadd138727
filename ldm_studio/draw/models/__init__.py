"""Pickers for models, VAEs and refiners."""
