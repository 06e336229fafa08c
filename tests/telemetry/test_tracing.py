"""What a collector of OpenTelemetry receives of a tool call."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

import telemetry.tracing
from mcp_server.cli import main

pytestmark = pytest.mark.long(6)


class _Collector(ThreadingHTTPServer):
    """Takes spans by OTLP over HTTP."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Taking)
        self.spans: list[Span] = []
        self.services: set[str] = set()


class _Taking(BaseHTTPRequestHandler):
    server: _Collector

    def do_POST(self) -> None:
        request = ExportTraceServiceRequest.FromString(self.rfile.read(int(self.headers["Content-Length"])))
        for resource in request.resource_spans:
            self.server.services |= {
                one.value.string_value for one in resource.resource.attributes if one.key == "service.name"
            }
            self.server.spans += [span for scope in resource.scope_spans for span in scope.spans]
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing: the test tells what is wrong."""


@pytest.fixture
def collector() -> Iterator[_Collector]:
    with _Collector() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_tool_call_its_request_to_the_backend_and_its_job_are_one_trace(home: Path, collector: _Collector) -> None:
    environment = {
        **os.environ,
        "OGC_PROCESSES_TRACES": "1",
        "OGC_PROCESSES_WORKERS": "1",
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector.server_address[1]}",
    }
    words = ["--home", str(home), "call", "geometry_measure", "geometry=POINT (1 2)"]
    command = [sys.executable, "-m", "mcp_server", *words]
    subprocess.run(command, env=environment, capture_output=True, check=True, timeout=120)
    named = {span.name: span for span in collector.spans}
    call, request = named["tools/call geometry_measure"], named["POST /processes/{process}/execution"]
    job = named["job geometry-measure"]
    assert call.trace_id == request.trace_id == job.trace_id
    assert job.parent_span_id == request.span_id
    assert {"queue", "run"} <= named.keys()
    assert collector.services == {"ogc-processes-mcp"}


def test_traces_without_their_library_are_one_clear_line_at_the_start(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OGC_PROCESSES_TRACES", "1")
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    assert main(["tools", "--home", str(home)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == f"ogc-processes-mcp: {telemetry.tracing.EXTRA}\n"
