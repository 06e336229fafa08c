"""Finding a process among many: what is known of each, and what a request asks for. Pure."""
