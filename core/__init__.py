"""Latent diffusion, usable alone: a model, a request, a trajectory of steps, a picture.

Importing this package imports neither torch nor Qt.
"""
