"""Samplers, noise schedules, guidance and predictions; imports no networks."""
