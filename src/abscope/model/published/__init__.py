"""Models of other groups, declared on the same engine as ours: one file per model."""
