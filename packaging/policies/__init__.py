"""Generates policy templates for administrators and schemas for editors."""
