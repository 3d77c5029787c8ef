"""Makes, from the one schema of the program, what administrators and editors of files import."""
