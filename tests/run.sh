#!/bin/sh
# Installs what the tests need, Debian packages included, and runs them; arguments go to pytest.
set -eu
cd "$(dirname "$0")/.."

missing=""
python3 -c 'import ensurepip' 2>/dev/null || missing="$missing python3-venv"
for pair in gcc:gcc gcc:libc6-dev git:git ip:iproute2 nc:netcat-openbsd socat:socat \
    /usr/sbin/ser2net:ser2net gensiot:gensio-bin /usr/sbin/sredird:sredird kermit:ckermit telnet:telnet \
    picocom:picocom ssh:openssh-client /usr/sbin/conserver:conserver-server console:conserver-client \
    strace:strace systemd-analyze:systemd; do
    if ! command -v "${pair%%:*}" >/dev/null; then missing="$missing ${pair##*:}"; fi
done
if [ -n "$missing" ]; then
    as_root=""
    [ "$(id -u)" = 0 ] || as_root=sudo
    $as_root apt-get update -qq
    # shellcheck disable=SC2086 # a list of packages
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -qq -y --no-install-recommends $missing
fi

[ -x .venv/bin/python ] || python3 -m venv .venv
.venv/bin/pip install -q -e '.[test]'
exec .venv/bin/python -m pytest -n 2 --dist loadfile "$@"
