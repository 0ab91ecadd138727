"""Prompt editing: editor, completion, styles."""
