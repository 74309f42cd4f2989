"""Campaigns: seeded, bounded attacks on what a run promises; ``python -m tests.campaigns`` runs them in full."""
