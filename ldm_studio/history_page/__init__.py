"""The history in the window: `library` keeps it up to date, `page` shows it."""
