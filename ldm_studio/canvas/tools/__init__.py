"""What the hand does on the canvas: tools, gestures, keys, drag and drop."""
