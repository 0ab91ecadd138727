"""A loaded latent diffusion model: networks, latent format, previews, tiles."""
