"""What the canvas edits: image, mask, undo. No widgets."""
