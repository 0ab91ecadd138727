"""The default model: text to emoji, trained from openly licensed artwork."""
