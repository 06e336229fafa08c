"""OpenTelemetry's spans, sent by OTLP over HTTP to where its own `OTEL_EXPORTER_OTLP_…` variables say.

The SDK belongs to an extra, and is imported where traces are asked for.
"""

EXTRA = "OGC_PROCESSES_TRACES is set, and needs what `pip install 'ogc-processes-mcp[otel]'` installs."


class TracingUnavailableError(Exception):
    """Spans cannot be made: one line that says why."""


def start_tracing(service: str) -> None:
    """Send the spans of this process, those of libraries too, in the background; what is left when it ends.

    service: `service.name` where `OTEL_SERVICE_NAME` does not tell another.

    Raises:
        TracingUnavailableError: the SDK is not installed.
    """
    try:
        from opentelemetry import trace  # noqa: PLC0415
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.resources import OTELResourceDetector, Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise TracingUnavailableError(EXTRA) from error
    provider = TracerProvider(resource=Resource({"service.name": service}).merge(OTELResourceDetector().detect()))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
