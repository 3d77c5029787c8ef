"""Between two runs of this program by one person: a second one asks the first, and ends."""
