"""The canvas: the picture, the mask painted on it, and the panel around them."""
