"""What could be done: scenarios, objectives, an optimizer."""
