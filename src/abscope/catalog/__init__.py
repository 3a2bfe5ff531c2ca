"""What the literature says: each number with unit, range and source."""
