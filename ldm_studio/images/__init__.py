"""Pictures and trajectories on disk: what is written, read back, kept and made again."""
