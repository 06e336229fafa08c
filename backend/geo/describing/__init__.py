"""What a dataset holds, for who has not seen it."""
