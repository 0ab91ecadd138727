"""Runs a request with a model: the steps of a trajectory, then the image."""
