"""The engine thread, and its connection to the window."""
