"""The history page: `open_history` keeps the history up to date, `history_page` shows it."""
