"""What a denoiser is conditioned on, from what a request asks for."""
