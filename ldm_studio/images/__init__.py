"""Images and trajectories on disk: writing, reading, replay."""
