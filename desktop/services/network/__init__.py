"""The way to a server: HTTP client, proxies and the environment a session runs in."""
