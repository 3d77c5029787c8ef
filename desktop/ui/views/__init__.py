"""One view per state, and the parts they are made of."""
