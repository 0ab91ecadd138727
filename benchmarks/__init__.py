"""Benchmarks: each prints one line and a JSON record."""
