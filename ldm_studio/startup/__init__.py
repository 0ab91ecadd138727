"""From one start to the next: one program for each folder, the last session, crashes."""
