"""Training: the autoencoder, and the diffusion model in its latent space."""
