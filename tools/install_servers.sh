#!/bin/sh
# The real servers that the connector tests talk to: Synapse (Matrix) in an environment of its own
# within that of $1, because its libraries would not fit beside ours, and Debian's prosody (XMPP).
set -eu
python=$1
synapse=$(dirname "$(dirname "$python")")/synapse
version=1.163.2

if ! "$synapse/bin/python" -c "
import importlib.metadata as m, sys
sys.exit(m.version('matrix-synapse') != '$version')" 2>/dev/null; then
    echo "Installing Synapse for the tests of the Matrix connector …"
    if ! { "$python" -m venv --clear "$synapse" && "$synapse/bin/python" -m pip install --quiet \
        --disable-pip-version-check --no-cache-dir "matrix-synapse==$version"; } >/dev/null 2>&1; then
        rm -rf "$synapse"
        echo "Synapse could not be installed: the tests that talk to it will be skipped." >&2
    fi
fi

command -v prosody >/dev/null 2>&1 && exit 0
if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    echo "Installing prosody for the tests of the XMPP connector …"
    export DEBIAN_FRONTEND=noninteractive
    # Only the program is wanted: its service is neither started nor started at the next boot.
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
        trap 'rm -f "$policy"' EXIT
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod +x "$policy"
    fi
    if apt-get update -qq >/dev/null 2>&1 && apt-get install -y -qq prosody >/dev/null 2>&1; then
        systemctl disable prosody >/dev/null 2>&1 || true
        exit 0
    fi
fi
echo "prosody could not be installed: the tests that talk to it will be skipped. Install prosody and run again." >&2
