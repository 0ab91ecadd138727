"""The look of the window: palettes, icons, fonts, motion, Tab order."""
