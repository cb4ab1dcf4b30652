#!/bin/sh
# Gets the servers and the browser that the integration tests use, from Debian's packages, where this user may install.
# Never an error: without them pytest says which tests it leaves out and how to have them.
PATH="$PATH:/usr/sbin:/usr/local/sbin"
missing=""
command -v mosquitto >/dev/null 2>&1 || missing="$missing mosquitto"
command -v influxd >/dev/null 2>&1 || missing="$missing influxdb"
command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "installing$missing from Debian's packages for the integration tests"
    # The tests start their own servers on their own ports, so the packages' services are told to stay down.
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy" && trap 'rm -f "$policy"' EXIT
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get -q update >/tmp/gaugetrail-apt.log 2>&1
    for package in $missing; do # one by one: a distribution that lacks one still has the others
        apt-get -q install -y --no-install-recommends "$package" >/tmp/gaugetrail-apt.log 2>&1 \
            || { echo "that did not work for $package:"; tail -n 5 /tmp/gaugetrail-apt.log; }
    done
else
    echo "not installed:$missing (as root on Debian: apt-get install$missing); their tests are left out"
fi
exit 0
