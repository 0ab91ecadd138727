"""The mathematics of sampling; imports no networks and nothing else of ours."""
