"""Tools of the canvas: gestures, keys, drag and drop."""
