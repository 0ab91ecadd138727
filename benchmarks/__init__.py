"""How fast is it? Each benchmark prints one line and a JSON record."""
