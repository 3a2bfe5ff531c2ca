"""The command line: a door without arithmetic and without rules."""
