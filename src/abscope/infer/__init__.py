"""What the data support: prior, likelihood, fit, sampler, attribution."""
