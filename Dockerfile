# One image for web, worker and beat, which differ in their command, and a small one for the
# sandbox. They contain neither PostgreSQL nor Redis: the wheels that embed them are not installed.

FROM python:3.12-slim AS base
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin flowzz
WORKDIR /app


FROM base AS dependencies
# For SENTRY_DSN and TRACES_ENDPOINT: --build-arg OPTIONAL="sentry traces".
ARG OPTIONAL=""
COPY requirements/production.txt requirements/sentry.txt requirements/traces.txt ./
RUN python -m venv --without-pip /venv \
 && for group in production $OPTIONAL; do \
      pip --python /venv/bin/python install --no-cache-dir --disable-pip-version-check --require-hashes -r $group.txt || exit 1; \
    done


FROM base AS sandbox
COPY sandbox sandbox
RUN install --directory --owner flowzz /state
USER flowzz
EXPOSE 9100
CMD ["python", "-m", "sandbox", "--host", "0.0.0.0", "--port", "9100", "--state", "/state/sandbox.db", "--quiet"]


FROM base AS flowzz
COPY --from=dependencies /venv /venv
ENV PATH=/venv/bin:$PATH DJANGO_SETTINGS_MODULE=flowzz.settings
COPY manage.py .
COPY flowzz flowzz
COPY clients clients
COPY sales sales
COPY integrations integrations
COPY templates templates
COPY docs/openapi.yaml docs/openapi.yaml
COPY docs/back-office.md docs/back-office.md
COPY docs/frontend.md docs/frontend.md
# The settings need both URLs to load. No server is contacted.
RUN DEBUG=true DATABASE_URL=postgres://none/none REDIS_URL=redis://none \
    python manage.py collectstatic --no-input
ENV DEBUG=false
USER flowzz
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --start-interval=1s CMD \
    ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/health/live', timeout=4)"]
CMD ["granian", "--interface", "rsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", \
     "--http", "1", "--no-ws", "--http1-header-read-timeout", "10000", "--respawn-failed-workers", \
     "--workers-kill-timeout", "5", \
     "--log-config", "flowzz/granian-logs.json", "flowzz.rsgi:application"]
