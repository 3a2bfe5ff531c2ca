"""Lymphocyte pools: what they hold, how cells move between them, what a dose leaves alive."""
