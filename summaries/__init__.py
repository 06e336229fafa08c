"""What a person would ask first about a result. Pure, and shared by both halves."""

from summaries.values import summarise

__all__ = ["summarise"]
