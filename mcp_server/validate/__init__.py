"""A conformance suite for servers of OGC API – Processes, Part 1: Core (OGC 18-062r2), as seen from outside."""

from mcp_server.validate.records import ConformanceClass, Options, Report, TestResult, Verdict
from mcp_server.validate.running import validate

__all__ = ["ConformanceClass", "Options", "Report", "TestResult", "Verdict", "validate"]
