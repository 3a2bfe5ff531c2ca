"""Foreign formats to tables and back: flat CSV, SDTM (CSV, XPT, Dataset-JSON), Parquet.

Every reader converts at once, checks row by row and reports all bad rows with file, row and column.
"""
