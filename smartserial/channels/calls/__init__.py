"""Shares that call far sides."""
