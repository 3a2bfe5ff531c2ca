"""How a system of ODEs is declared once, compiled, and integrated for many members at a time.

Knows no biology. ``declaration`` declares, ``functions`` holds what rates may call, ``batch`` says
what is simulated, ``compiling`` compiles, ``simulation`` simulates.
"""
