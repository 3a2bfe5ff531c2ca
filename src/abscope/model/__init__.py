"""How it works: one mechanism per file; ``system.py`` alone couples them."""
