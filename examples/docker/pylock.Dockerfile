# syntax=docker/dockerfile:1
FROM python:3.13-slim
WORKDIR /app
RUN python -m pip install --no-cache-dir pip-pinned
COPY pyproject.toml pylock.toml ./
# netrc is there for this one command, and in no layer
RUN --mount=type=secret,id=netrc,target=/root/.netrc,mode=0600 pip-pinned sync --yes
COPY . .
CMD ["python", "-m", "app"]
