#!/bin/sh
# Says what mosquitto_ctrl has to be told so that a user may do what Gaugetrail wants of it, and nothing else:
#
#     sh dynamic-security.sh agent line1-pc1 line1       # user name, which is the [agent] id, and its line
#     sh dynamic-security.sh collector c1                # user name, which is the collector's id
#     sh dynamic-security.sh display mes                 # whoever shows verdicts
#
# Look at it, then: … | sh. CTRL is the command with its options, such as
# CTRL="mosquitto_ctrl -h broker --cafile ca.pem -u admin -P …". Users are made before, with
# $CTRL dynsec createClient NAME. Twice is once. Written by make docs (docs/reference/broker-access.md).
set -eu
ctrl=${CTRL:-mosquitto_ctrl}
[ $# -ge 2 ] || { echo "say agent NAME LINE, collector NAME or display NAME" >&2; exit 2; }
kind=$1 name=$2 line=${3:-}
role=gaugetrail-$kind-$name
case $name$line in
*[!A-Za-z0-9_.-]*) echo "$name $line: write its rules by hand, after those of a plainer name" >&2; exit 2;;
esac
write() { echo "$ctrl dynsec addRoleACL '$role' publishClientSend '$1' allow 1"; }
read_() { echo "$ctrl dynsec addRoleACL '$role' subscribePattern '$1' allow 1"; }
echo "$ctrl dynsec createRole '$role' || true"
case $kind in
agent)
	[ -n "$line" ] || { echo "say the line, too: agent NAME LINE" >&2; exit 2; }
	write "gaugetrail/v1/$name/records"
	write "gaugetrail/v1/$name/status"
	write "gaugetrail/v1/$name/questions"
	write "gaugetrail/v1/$name/verdicts"
	write "gaugetrail/v1/$name/doctor"
	read_ "gaugetrail/v1/$name/receipts"
	read_ "gaugetrail/v1/$name/status"
	read_ "gaugetrail/v1/$name/commands"
	read_ "gaugetrail/v1/$name/pins"
	read_ "gaugetrail/v1/$name/answers"
	read_ "gaugetrail/v1/collectors/+/status"
	read_ "gaugetrail/v1/collectors/+/introductions"
	read_ "gaugetrail/v1/documents/root"
	read_ "gaugetrail/v1/documents/pages/+"
	read_ "gaugetrail/v1/documents/parts/+/+"
	read_ "gaugetrail/v1/lines/$line/holds"
	read_ "gaugetrail/v1/lines/$line/holds/+"
	;;
collector)
	write "gaugetrail/v1/+/receipts"
	write "gaugetrail/v1/+/commands"
	write "gaugetrail/v1/+/pins"
	write "gaugetrail/v1/+/answers"
	write "gaugetrail/v1/collectors/$name/status"
	write "gaugetrail/v1/collectors/$name/introductions"
	write "gaugetrail/v1/collectors/$name/doctor"
	write "gaugetrail/v1/documents/root"
	write "gaugetrail/v1/documents/pages/+"
	write "gaugetrail/v1/documents/parts/+/+"
	write "gaugetrail/v1/lines/+/holds"
	write "gaugetrail/v1/lines/+/holds/+"
	read_ "gaugetrail/v1/+/records"
	read_ "gaugetrail/v1/+/status"
	read_ "gaugetrail/v1/+/questions"
	read_ "gaugetrail/v1/collectors/+/status"
	read_ "\$share/collectors/gaugetrail/v1/+/records"
	;;
display)
	read_ "gaugetrail/v1/+/verdicts"
	;;
*) echo "$kind: say agent, collector or display" >&2; exit 2;;
esac
echo "$ctrl dynsec addClientRole '$name' '$role' || true"
