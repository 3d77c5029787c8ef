"""Commands that call the API of the server."""
