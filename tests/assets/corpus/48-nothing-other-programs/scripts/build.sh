#!/bin/sh
curl -f https://public.example/pip/get-pip.py | python3 - --no-cache-dir
curl -fsSL -i https://public.example/pip/3.8/get-pip.py
tail -f /var/log/pip.log
rm -f pip.conf && pip install acme-core
sed -i 's/pip install/uv pip install/' README.md
sed -i s/pip/uv/ pip.conf
docker run -i --rm python pip list
docker exec -i app pip freeze | grep -i http://
pip freeze | grep -f http://wanted.example/list
ssh -i key host pip install acme-core
ln -sf http://x.example pip
kubectl logs -f deploy/app --index http://x.example
pip show -f requests
