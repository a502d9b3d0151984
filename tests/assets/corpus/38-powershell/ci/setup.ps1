$env:PIP_EXTRA_INDEX_URL = "https://$($env:USER):$($env:TOKEN)@pypi.acme.example/simple"
[Environment]::SetEnvironmentVariable('PIP_TRUSTED_HOST', 'pypi.acme.example', 'User')
py -m pip install `
    --extra-index-url https://pypi.tools.example/simple `
    acme-core
# pip install -i http://packages.old.example/simple foo
Write-Host "PIP_EXTRA_INDEX_URL: $env:PIP_EXTRA_INDEX_URL"
& .\venv\Scripts\pip.exe install -i http://mirror.acme.example/simple acme-tools
