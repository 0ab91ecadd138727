"""From prompts to what the network is conditioned on."""
