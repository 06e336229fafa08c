"""Journeys: scripted tool calls in YAML, with what each answer must be."""

from mcp_server.journeys.running import JourneyReport, StepReport, run
from mcp_server.journeys.script import Journey, load

__all__ = ["Journey", "JourneyReport", "StepReport", "load", "run"]
