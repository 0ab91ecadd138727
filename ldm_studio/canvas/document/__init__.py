"""The canvas document: image, mask, undo. No widgets."""
