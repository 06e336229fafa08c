"""Process descriptions as tools: any description in the wild becomes a canonical process, and that a portable tool."""
