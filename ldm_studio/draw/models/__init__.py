"""Choosing models, autoencoders and refiners."""
