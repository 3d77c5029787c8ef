"""A token on its way to a person or a program, and the API calls made with it."""
