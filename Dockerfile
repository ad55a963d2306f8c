# One image for web, worker and back office; compose.yaml says which command each runs.
# Every RUN is one plain command: tests/shipping/test_dockerfile.py runs them in this order in a scratch folder.

FROM node:24-bookworm-slim AS assets
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier
COPY assets assets
RUN node assets/build.mjs

FROM python:3.11-slim-bookworm AS packages
WORKDIR /app
RUN python -m venv .venv
COPY requirements.lock ./
RUN .venv/bin/python -m pip install --disable-pip-version-check --require-hashes --only-binary :all: -r requirements.lock
COPY pyproject.toml requirements.in README.md ./
COPY partner_network partner_network
COPY admin admin
RUN .venv/bin/python -m pip install --disable-pip-version-check --no-build-isolation --no-deps --editable .
RUN .venv/bin/python -m compileall -q partner_network admin

FROM python:3.11-slim-bookworm
WORKDIR /app
RUN apt-get update
RUN apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core fonts-droid-fallback
COPY --from=packages /app /app
COPY contracts contracts
COPY --from=assets /app/assets assets
# Volumes take over the owner of these folders: the click spool and, without S3, the files.
RUN install -d -m 0700 -o 10001 -g 10001 data data/spool data/files
ENV PATH=/app/.venv/bin:$PATH PARTNER_NETWORK_DATA=/app/data XDG_CACHE_HOME=/tmp PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
EXPOSE 8000
# The kill time-out ends open event streams; the spool is drained on SIGTERM before that.
CMD ["granian", "--interface", "asgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", \
     "--workers-kill-timeout", "3", "--respawn-failed-workers", "--respawn-interval", "0.2", \
     "--factory", "partner_network.app:create_app_from_environment"]
