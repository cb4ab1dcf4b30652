#!/bin/sh
# Makes the Debian package of the agent or the collector: its own virtual environment under /opt, from the lock file, and
# maintainer scripts that call the command's own `install` and `uninstall`. It needs no network where it is installed.
#
#     config/debian/make_deb.sh agent|collector WHEEL FOLDER
#
# PYTHON is the interpreter that the package is for, the system's own; UV is uv. Both have defaults that fit `make deb`.
set -eu
part=$1 wheel=$(realpath "$2") out=$(realpath "$3")
python=${PYTHON:-/usr/bin/python3}
uv=${UV:-.venv/bin/uv}
name=gaugetrail-$part
version=$(basename "$wheel" | cut -d- -f2)
architecture=$(dpkg --print-architecture)
short=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
next=$("$python" -c 'import sys; print("%d.%d" % (sys.version_info[0], sys.version_info[1] + 1))')
libc=$("$python" -c 'import platform; print(platform.libc_ver()[1])')

stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
tree=$stage/tree
home=$tree/opt/$name
mkdir -p "$tree/DEBIAN" "$tree/opt" "$tree/usr/bin" "$tree/usr/share/doc/$name"

"$uv" venv -q --relocatable --python "$python" "$home"
extras="--extra $part"
# The console's page Statistics and `stats` over the store compute with numpy and scipy; a line PC needs neither.
[ "$part" = agent ] || extras="$extras --extra statistics --extra pictures"
# shellcheck disable=SC2086
"$uv" export -q --frozen --no-dev --no-emit-project $extras -o "$stage/locked.txt"
"$uv" pip install -q --python "$home/bin/python" --require-hashes --no-deps --link-mode copy -r "$stage/locked.txt" 2>"$stage/uv.log" || {
	# As in the Makefile: machines whose package index is a mirror are served by pip's settings.
	.venv/bin/python -m pip download -q --disable-pip-version-check --require-hashes --no-deps --only-binary :all: \
		--python-version "$short" --implementation cp --dest "$stage/wheels" -r "$stage/locked.txt" || { cat "$stage/uv.log"; exit 1; }
	"$uv" pip install -q --python "$home/bin/python" --no-deps --no-index --offline --link-mode copy "$stage"/wheels/*
}
"$uv" pip install -q --python "$home/bin/python" --no-deps --no-index --offline --link-mode copy "$wheel"

# Only what a service needs: this part's command, and Python without the files that remember where it was built.
find "$home/bin" -mindepth 1 ! -name "python*" ! -name "$name" -delete
find "$home" -name direct_url.json -delete
# The service can't write here, so it would compile its modules at every start. Unchecked: dpkg alone changes them.
"$python" -m compileall -q -j 0 --invalidation-mode unchecked-hash -s "$tree" -p / "$home/lib" >/dev/null
ln -s "/opt/$name/bin/$name" "$tree/usr/bin/$name"
cp CHANGELOG.md "$tree/usr/share/doc/$name/"
printf 'Gaugetrail is under the Apache License 2.0: /usr/share/common-licenses/Apache-2.0\nThe libraries in /opt/%s bear their own licences beside them.\n' \
	"$name" >"$tree/usr/share/doc/$name/copyright"

cat >"$tree/DEBIAN/control" <<EOF
Package: $name
Version: $version
Architecture: $architecture
Maintainer: Gaugetrail maintainers <gaugetrail@example.invalid>
Installed-Size: $(du -sk "$tree/opt" | cut -f1)
Depends: python3 (>= $short), python3 (<< $next~), libc6 (>= $libc), passwd
Recommends: systemd, udev
Section: science
Priority: optional
Description: shop-floor data collection for quality: the $part
 Every inspection is a sealed, traceable record, from gauge to store.
EOF
cat >"$tree/DEBIAN/postinst" <<EOF
#!/bin/sh
set -e
if [ "\$1" = configure ]; then
	/opt/$name/bin/$name install --program /usr/bin/$name
fi
EOF
# On an upgrade the service goes on with what it has loaded, until postinst starts it again.
cat >"$tree/DEBIAN/prerm" <<EOF
#!/bin/sh
set -e
if [ "\$1" = remove ]; then
	/opt/$name/bin/$name uninstall
fi
EOF
cat >"$tree/DEBIAN/postrm" <<EOF
#!/bin/sh
set -e
# Records, keys and settings are evidence: no package manager takes them away, not even on purge.
if [ "\$1" = purge ]; then
	echo "left: /etc/gaugetrail and /var/lib/gaugetrail; how to retire it: docs/life.md"
fi
EOF
chmod 0755 "$tree/DEBIAN/postinst" "$tree/DEBIAN/prerm" "$tree/DEBIAN/postrm"
chmod -R u=rwX,go=rX "$tree/opt" "$tree/usr"
dpkg-deb --root-owner-group -Zgzip -z6 --build "$tree" "$out/${name}_${version}_$architecture.deb" >/dev/null
ls -s --block-size=M "$out/${name}_${version}_$architecture.deb"
