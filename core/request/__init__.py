"""What is asked for: frozen, typed, JSON both ways."""
