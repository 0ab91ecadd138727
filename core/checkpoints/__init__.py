"""Reads checkpoints: identifies a file and loads a model from it. Nothing in a file is executed."""
