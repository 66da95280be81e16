"""Docks: side widgets that are told a State and call verbs."""
