"""Model files on disk, and what is known of them: models, LoRAs, VAEs, embeddings."""
