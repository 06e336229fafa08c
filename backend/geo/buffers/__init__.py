"""All points within a distance, and how far off their edge may be."""
