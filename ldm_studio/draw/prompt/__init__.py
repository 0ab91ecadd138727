"""Typing prompts: editor, completion, styles."""
