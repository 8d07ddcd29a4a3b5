"""Traces by OpenTelemetry, which is installed by who wants them.

Exporters, samplers and names are set by OpenTelemetry's own variables, ``OTEL_…``.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from starlette.types import Scope

from core.observation import Observation
from core.settings import SettingsError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span

_SERVICE: Final = "media"
_FAULT: Final = 500


class Tracing:
    """Makes a span of each request, below the one that ``traceparent`` names."""

    def __init__(self, provider: "TracerProvider") -> None:
        from opentelemetry import trace  # noqa: PLC0415 - an extra
        from opentelemetry.trace.propagation import tracecontext  # noqa: PLC0415 - the same

        self._provider = provider
        self._tracer = provider.get_tracer(_SERVICE)
        self._propagator = tracecontext.TraceContextTextMapPropagator()
        self._trace = trace

    @contextmanager
    def span(
        self, scope: Scope, headers: Mapping[bytes, bytes], seen: Observation
    ) -> Iterator["Span"]:
        """Have a span for the block, and note its ids; ``end`` it."""
        names = (b"traceparent", b"tracestate")
        carrier = {name.decode(): headers.get(name, b"").decode("latin-1") for name in names}
        span = self._tracer.start_span(
            scope["method"],
            context=self._propagator.extract(carrier),
            kind=self._trace.SpanKind.SERVER,
        )
        context = span.get_span_context()
        seen.trace_id = self._trace.format_trace_id(context.trace_id)
        seen.span_id = self._trace.format_span_id(context.span_id)
        with self._trace.use_span(span, record_exception=False, set_status_on_exception=False):
            yield span

    def end(self, span: "Span | None", seen: Observation, status: int) -> None:
        """End a span with what was noted of its request; no address, no account's content."""
        assert span is not None  # noqa: S101 - every span that is ended was begun
        if span.is_recording():
            span.update_name(seen.operation or "unmatched")
            known = {
                "http.response.status_code": status,
                "http.route": seen.operation,
                "media.request_id": seen.request_id,
                "media.account_id": seen.account_id,
                "error.type": seen.code,
            }
            span.set_attributes({name: value for name, value in known.items() if value is not None})
            if status >= _FAULT:
                span.set_status(self._trace.StatusCode.ERROR)
        span.end()

    def close(self) -> None:
        """Send what has not been sent."""
        self._provider.shutdown()


def exporting_tracing() -> Tracing:
    """Return tracing that exports by OTLP over HTTP.

    Raises:
        SettingsError: OpenTelemetry is not installed.
    """
    try:
        exporter: Any = _exporter()
    except ImportError:
        raise SettingsError(
            "MEDIA_TRACING=on: install opentelemetry-sdk and"
            " opentelemetry-exporter-otlp-proto-http first"
        ) from None
    from opentelemetry.sdk.resources import SERVICE_NAME, Resource  # noqa: PLC0415 - an extra
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - the same
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 - the same

    resource = Resource.create()  # of what OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say
    if str(resource.attributes[SERVICE_NAME]).startswith("unknown_service"):
        resource = resource.merge(Resource({SERVICE_NAME: _SERVICE}))
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return Tracing(provider)


def _exporter() -> Any:
    from opentelemetry.exporter.otlp.proto.http import trace_exporter  # noqa: PLC0415 - an extra

    return trace_exporter.OTLPSpanExporter()
