"""Text conditioning: prompt syntax, tokenizers and text encoders."""
