"""The audit log: writes events to the log of the operating system."""
