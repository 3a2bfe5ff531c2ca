"""Models of other groups on the facts of a case, each with what it has to leave out."""
