"""Help windows: about, errors, problem reports, documentation."""
