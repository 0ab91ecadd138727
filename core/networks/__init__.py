"""The networks: tensors in, tensors out. Attribute names equal the canonical checkpoint names."""
