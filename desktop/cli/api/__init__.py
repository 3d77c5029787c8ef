"""`xdr-login api`: calls to the API of the server."""
