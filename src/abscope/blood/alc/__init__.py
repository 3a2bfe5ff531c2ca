"""The lymphocyte count over time: prior, prediction, posterior and what the counts cannot tell."""
