"""What helps when something is unclear or went wrong: about, errors, reports, documentation."""
