FROM python:3.12
RUN ["pip", "install", "-i", "http://mirror.acme.example/simple", "--extra-index-url", "https://pypi.acme.example/simple", "acme-core"]
RUN pip config set global.extra-index-url https://pypi.tools.example/simple \
 && pip config --user set 'install.trusted-host' pypi.tools.example
RUN printf "[global]\nextra-index-url=https://pypi.third.example/simple\n" > /etc/pip.conf
RUN set -eux; /opt/venv/bin/pip3.12 install -fhttps://wheels.acme.example/ torch; rm -f /tmp/x
