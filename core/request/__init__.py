"""Requests: frozen, typed, with JSON in both directions."""
