"""What was delivered: fractionation, biologically effective dose, and later the dose grid."""
