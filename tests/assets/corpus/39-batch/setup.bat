@echo off
REM set PIP_EXTRA_INDEX_URL=https://packages.old.example/simple
set PIP_EXTRA_INDEX_URL=https://%USER%:%TOKEN%@pypi.acme.example/simple
setx PIP_TRUSTED_HOST pypi.acme.example
pip install ^
  --find-links https://wheels.acme.example/ ^
  acme-core
