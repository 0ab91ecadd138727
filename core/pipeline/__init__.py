"""From a request and a model to the steps of a trajectory, and from those to an image."""
