"""What both halves tell the operator of themselves: logs and traces."""
