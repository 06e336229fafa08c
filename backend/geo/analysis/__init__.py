"""Networks, spatial statistics, SQL."""
