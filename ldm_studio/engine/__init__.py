"""The thread that draws, and the only place where it meets the interface."""
