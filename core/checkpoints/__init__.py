"""Reading the checkpoints people have: what a file is, and a model from it. Nothing is executed."""
