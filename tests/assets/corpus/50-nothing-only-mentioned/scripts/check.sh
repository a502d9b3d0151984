echo "$PIP_EXTRA_INDEX_URL"
echo "PIP_EXTRA_INDEX_URL: $PIP_EXTRA_INDEX_URL"
echo "PIP_EXTRA_INDEX_URL=${PIP_EXTRA_INDEX_URL:-}"
echo "PIP_EXTRA_INDEX_URL is set"
if [ -n "${PIP_EXTRA_INDEX_URL:-}" ]; then unset PIP_EXTRA_INDEX_URL; fi
if [ "$PIP_EXTRA_INDEX_URL" == "https://pypi.acme.example/simple" ]; then exit 1; fi
env -u PIP_EXTRA_INDEX_URL pip install requests
printenv PIP_EXTRA_INDEX_URL || true
docker build --secret id=index,env=PIP_EXTRA_INDEX_URL .
PIP_EXTRA_INDEX_URL= pip install requests
PIP_EXTRA_INDEX_URL="" pip install requests
export MY_PIP_EXTRA_INDEX_URL=https://pypi.acme.example/simple
