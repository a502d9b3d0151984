#!/usr/bin/env bash
set -euo pipefail
: "${PIP_EXTRA_INDEX_URL:=https://pypi.acme.example/simple}"
export PIP_EXTRA_INDEX_URL
curl -fsSL https://public.example/get-pip.py -o get-pip.py
python get-pip.py --trusted-host pypi.acme.example
PIP_FIND_LINKS=https://wheels.acme.example/ pip install -r requirements.txt
python3 -m pip install -i https://$USER:$TOKEN@pypi.acme.example/simple acme-core || true
cat > ~/.config/pip/pip.conf <<EOF
[global]
index-url = https://pypi.acme.example/simple
extra-index-url = https://${USER}:${TOKEN}@pypi.tools.example/simple
    https://pypi.third.example/simple
EOF
uvx --index https://pypi.acme.example/simple acme-tool
uv run pip install --extra-index-url https://pypi.acme.example/simple acme-more
