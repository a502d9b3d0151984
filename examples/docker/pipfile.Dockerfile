# syntax=docker/dockerfile:1
FROM python:3.13-slim
WORKDIR /app
RUN python -m pip install --no-cache-dir pip-pinned
COPY Pipfile Pipfile.lock ./
# the URL in the Pipfile is written with ${ACME_TOKEN}
RUN --mount=type=secret,id=acme_token,env=ACME_TOKEN pip-pinned sync --yes Pipfile.lock
COPY . .
CMD ["python", "-m", "app"]
