"""The grants: device authorization, authorization code and client credentials."""
