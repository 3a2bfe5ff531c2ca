"""What the scans, the blood and the patient say: calls with their rule, numbers and reasons."""
