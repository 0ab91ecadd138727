"""The logic of the window: a controller for each thing a user can do."""
