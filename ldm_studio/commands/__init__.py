"""Everything that has a name in the menus: the table, what it does, its keys, the palette."""
