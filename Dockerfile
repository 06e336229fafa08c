# Two images from one build: `--target backend` is the OGC API, `--target mcp` the bridge.

FROM python:3.13-slim AS build
RUN pip install --no-cache-dir uv
ENV UV_PROJECT_ENVIRONMENT=/opt/ogc-processes-mcp \
    UV_COMPILE_BYTECODE=1 \
    UV_LINK_MODE=copy \
    UV_PYTHON_DOWNLOADS=never
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
RUN uv sync --no-dev --extra deploy --no-install-project
COPY summaries summaries
COPY telemetry telemetry
COPY backend backend
COPY mcp_server mcp_server
RUN uv sync --no-dev --extra deploy --no-editable

FROM python:3.13-slim AS runtime
# libexpat1: the wheel of rasterio expects it of the system.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libexpat1 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --user-group --no-create-home --home-dir /tmp --shell /usr/sbin/nologin ogc \
    && install --directory --owner=ogc --group=ogc /data
COPY --from=build /opt/ogc-processes-mcp /opt/ogc-processes-mcp
ENV PATH=/opt/ogc-processes-mcp/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    OGC_PROCESSES_HOME=/data
USER 10001:10001
WORKDIR /data
VOLUME /data

FROM runtime AS backend
COPY docker/own /own
COPY docker/datasets /datasets
COPY docker/gunicorn.conf.py /etc/ogc-processes-mcp/gunicorn.conf.py
ENV WEB_CONCURRENCY=2 \
    OGC_PROCESSES_WORKERS=2 \
    OGC_PROCESSES_CONFIG=/own/processes.yml \
    OGC_PROCESSES_PROCESSES=/own \
    OGC_PROCESSES_DATA=/datasets
EXPOSE 5001
CMD ["gunicorn", "--config", "/etc/ogc-processes-mcp/gunicorn.conf.py", "--worker-tmp-dir", "/dev/shm"]

FROM runtime AS mcp
EXPOSE 8000
CMD ["ogc-processes-mcp", "serve", "--transport", "http", "--host", "0.0.0.0", "--port", "8000", "--no-embedded"]
