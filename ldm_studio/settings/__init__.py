"""What the user decided once, and the dialog where it is changed."""
