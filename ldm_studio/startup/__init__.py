"""Start-up and shutdown: single instance, last session, crashes."""
