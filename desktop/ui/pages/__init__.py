"""Pages on top of the view: details, settings and about."""
