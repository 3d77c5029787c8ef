"""Texts for people that window and terminal share."""
