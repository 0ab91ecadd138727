"""What there is on disk to draw with, and what is known of it: models, LoRAs, VAEs, embeddings."""
