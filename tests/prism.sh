#!/usr/bin/env bash
# Whether a server that nobody here wrote takes what rowcast sends: Prism, a mock made from the OpenAPI file in
# tests/schemas, which refuses every request that the file does not have.
#
#   tests/prism.sh            with target/debug/rowcast, which is built first
#   tests/prism.sh ROWCAST    with this binary
#
# Needs node and npm. Prism and all that it needs are pinned by tests/prism/package-lock.json and installed into
# target/prism. The mock listens on a free port of loopback, and ends with this script.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
target=${CARGO_TARGET_DIR:-$root/target}
file=$root/tests/schemas/connectsafely-openapi.json

fail() {
    printf 'tests/prism.sh: %s\n' "$*" >&2
    exit 1
}

rowcast=${1:-}
if [[ -z $rowcast ]]; then
    cargo build --locked --quiet
    rowcast=$target/debug/rowcast
fi
rowcast=$(realpath "$rowcast")
for tool in node npm; do
    command -v "$tool" >/dev/null || fail "$tool is not there; install nodejs and npm, or call tests/run, which does"
done

prism=$target/prism
if ! cmp --silent tests/prism/package-lock.json "$prism/installed"; then
    mkdir -p "$prism"
    cp tests/prism/package.json tests/prism/package-lock.json "$prism"
    (cd "$prism" && timeout 600 npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2)
    cp "$prism/package-lock.json" "$prism/installed"
fi

work=$(mktemp -d)
mock=
# Called by the trap.
# shellcheck disable=SC2329
end() {
    if [[ -n $mock ]]; then
        kill "$mock" 2>/dev/null || true
        wait "$mock" 2>/dev/null || true
    fi
    rm -rf "$work"
}
trap end EXIT

log=$work/prism.log
: >"$log"
NO_COLOR=1 FORCE_COLOR=0 node "$prism/node_modules/@stoplight/prism-cli/dist/index.js" mock "$file" --host 127.0.0.1 --port 0 --errors >>"$log" 2>&1 &
mock=$!
base=
for ((tenths = 0; tenths < 600; tenths++)); do
    base=$(sed -n 's/.*Prism is listening on \(http:[^ ]*\).*/\1/p' "$log" | tail -1)
    [[ -n $base ]] && break
    kill -0 "$mock" 2>/dev/null || fail "Prism ended: $(cat "$log")"
    sleep 0.1
done
[[ -n $base ]] || fail "Prism did not begin to listen within a minute: $(cat "$log")"

# The mock refuses what the file does not have, or all that follows would show nothing.
status=$(node -e '
    const body = JSON.stringify({ message: "to nobody" });
    const headers = { "Content-Type": "application/json", Authorization: "Bearer key" };
    fetch(process.argv[1] + "/conversations/send", { method: "POST", headers, body }).then((answer) => console.log(answer.status));
' "$base")
[[ $status == 4?? ]] || fail "Prism answers $status to a message to nobody"
: >"$log"

export HOME=$work/home XDG_DATA_HOME=$work/home XDG_STATE_HOME=$work/home XDG_CONFIG_HOME=$work/home
export CONNECTSAFELY_API_KEY=7d1f0c52-aaaa-4b1e-9c3d-5ec4e7000001
unset CONNECTSAFELY_ACCOUNT_ID
mkdir "$work/home"
account=60d21b4667d0d8992e610c85

# Runs rowcast with these arguments, and fails unless it ends well.
well() {
    timeout 120 "$rowcast" "$@" --base-url "$base" >"$work/out" 2>&1 || fail "rowcast $1 ended with $?: $(cat "$work/out")
$(cat "$log")"
}

# Fails unless every row of this campaign is sent.
all_sent() {
    local told
    told=$("$rowcast" status "$@" --base-url "$base" --format json)
    node -e 'const told = JSON.parse(process.argv[1]); process.exit(told.rows > 3 && told.sent === told.rows ? 0 : 1)' "$told" ||
        fail "not all rows are sent: $told"
}

# The campaign of the samples.
cp -r samples templates "$work"
fast=(--rate unlimited --account-rate unlimited --daily-limit unlimited --yes)
well run "$work/samples/campaign.toml" --account "$account" "${fast[@]}"
all_sent "$work/samples/campaign.toml"

# Every field of a send, and every form of a recipient.
printf '%%PDF-1.7\n' >"$work/one.pdf"
printf 'two\n' >"$work/two.txt"
cat >"$work/all.csv" <<'END'
recipient,recipient_profile_urn,conversation_urn,account,attachments,messaging_channel,name
jane-doe,urn:li:fsd_profile:ACoAAjane,"urn:li:msg_conversation:(urn:li:fsd_profile:ACoAAme,2-abc==)",60d21b4667d0d8992e610c85,one.pdf;two.txt,sales_navigator,Jane
bob,,,60d21b4667d0d8992e610c86,,,Bob
,urn:li:fsd_profile:ACoAAeve,,,two.txt,linkedin_inbox,Eve
,,"urn:li:msg_conversation:(urn:li:fsd_profile:ACoAAme,2-xyz==)",,,auto,"Zoë ""Z"" 😀"
END
printf 'Hello {{ name }}\nbye' >"$work/message.txt"
printf 'For {{ name }}' >"$work/subject.txt"
all=("$work/all.csv" -m "$work/message.txt" -s "$work/subject.txt" --account "$account")
well run "${all[@]}" "${fast[@]}"
all_sent "$work/all.csv"

# Every question: about people, whom the gates may leave out, and about accounts.
printf 'recipient\ngustav\nhanna\n' >"$work/gates.csv"
printf 'Hello' >"$work/hello.txt"
well run "$work/gates.csv" -m "$work/hello.txt" --account "$account" "${fast[@]}" --resolve --skip replied
well run "$work/gates.csv" -m "$work/hello.txt" --account "$account" "${fast[@]}" --require connected --allow-repeat \
    --results "$work/connected.results.csv"
well accounts

requests=$(grep -c 'Request received' "$log") || true
passed=$(grep -c 'The request passed the validation rules' "$log") || true
((requests > 15 && requests == passed)) || fail "$passed of $requests requests are as the OpenAPI file has them:
$(cat "$log")"
for path in conversations/send conversations/upload-attachment conversations/exists relationship messages accounts status quota; do
    grep -q "$path.*Request received" "$log" || fail "nothing was asked at $path: $(grep 'Request received' "$log")"
done
printf 'Prism took all of %d requests.\n' "$requests"
