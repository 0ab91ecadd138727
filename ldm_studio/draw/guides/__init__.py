"""Images that guide a model."""
