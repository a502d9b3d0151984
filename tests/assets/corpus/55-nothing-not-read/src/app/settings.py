EXTRA = "pip install --extra-index-url https://pypi.acme.example/simple acme-core"
