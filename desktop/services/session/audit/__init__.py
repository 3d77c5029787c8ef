"""What a session tells the audit log."""
