"""Training of the autoencoder and of the diffusion model in its latent space."""
