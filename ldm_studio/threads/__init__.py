"""Threads besides the interface's, and the way back to it."""
