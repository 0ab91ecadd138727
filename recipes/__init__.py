"""Recipes that build the models LDM Studio ships. Nothing in the application imports them."""
