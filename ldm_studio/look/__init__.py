"""How the window looks: palettes, icons, motion, the way of the Tab key."""
