"""The program in a terminal. Loads no Qt."""
