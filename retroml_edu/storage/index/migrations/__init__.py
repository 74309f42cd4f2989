"""Alembic's scripts for the index database."""
