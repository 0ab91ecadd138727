"""What the next image will be: the only state of the window, and what widgets are bound by."""
