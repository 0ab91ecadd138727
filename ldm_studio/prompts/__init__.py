"""Prompt styles and wildcards of the user."""
