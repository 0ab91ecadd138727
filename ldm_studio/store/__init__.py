"""What the next picture will be: the only state of the window, and what widgets are bound by."""
