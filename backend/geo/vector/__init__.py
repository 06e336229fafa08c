"""Features: the record that processes work on, and how it is read, written and measured."""
