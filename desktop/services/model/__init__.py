"""Values that everything else speaks of: profile, policy, settings, state and errors."""
