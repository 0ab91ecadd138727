"""The dialog in which the settings are changed: a page for each subject, and a search over all."""
