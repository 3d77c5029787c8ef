"""The values that all layers share: profile, policy, settings, token, state and errors."""
