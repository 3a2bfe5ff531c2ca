"""What happened: immutable, validated records of a case, read from and written to YAML."""
