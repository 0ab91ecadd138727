"""The supported families of models."""
