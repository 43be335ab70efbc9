"""Judgements about the world: pure functions on tables, no screen and no files."""
