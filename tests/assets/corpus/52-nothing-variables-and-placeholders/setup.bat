set PIP_INDEX_URL=https://%USER%:%TOKEN%@pypi.acme.example/simple
