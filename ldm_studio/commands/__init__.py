"""Actions of the menus: their table, their shortcuts, and the command palette."""
