"""The canvas: the image, the mask painted on it, and the panel around them."""
