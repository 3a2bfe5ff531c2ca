"""What a dose does to cells: survival, biologically effective dose, control and complication."""
