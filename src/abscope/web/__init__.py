"""The pages: a server on this machine that shows cases in a browser. A door: no arithmetic."""
