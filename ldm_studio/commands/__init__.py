"""The actions of the menus: their table, their keys, and the palette that finds them."""
