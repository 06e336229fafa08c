"""What would become of a server's processes: its tools, and whatever had to be repaired or left out on the way."""

from mcp_server.doctor.examining import examine
from mcp_server.doctor.records import Examination, Failure, InputFinding, OutputFinding, ProcessFinding, ServerFinding

__all__ = ["Examination", "Failure", "InputFinding", "OutputFinding", "ProcessFinding", "ServerFinding", "examine"]
