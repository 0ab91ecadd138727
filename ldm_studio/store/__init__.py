"""The settings of the next image: the only state of the window, which widgets are bound to."""
