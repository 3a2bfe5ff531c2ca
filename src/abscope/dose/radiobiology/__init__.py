"""What a dose does to cells and tissue: survival, BED and EQD2, repair, gEUD, TCP and NTCP.

Arrays in, arrays out; a number in, a number out. Wrong input raises ModelError, never NaN. The
parameters are in `abscope.catalog`, each with its range and source.
"""
