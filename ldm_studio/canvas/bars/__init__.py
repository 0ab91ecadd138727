"""The bars and menus around the canvas."""
