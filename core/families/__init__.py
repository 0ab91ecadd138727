"""The families of models that are known."""
