"""Image arithmetic in NumPy: masks, digests, crops, outpainting. Imports no torch."""
