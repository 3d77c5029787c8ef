"""A token for people and programs, its details, and API calls with it."""
