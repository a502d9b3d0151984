# $env:PIP_EXTRA_INDEX_URL = 'https://pypi.acme.example/simple'
