#!/usr/bin/env bash
# Whether the tests would notice: breaks one promise at a time in a copy of the committed tree, and expects a test to fail.
#
#   tests/sensitivity.sh              every patch in tests/mutations
#   tests/sensitivity.sh sync lock    those whose name has one of these words
#
# Each patch begins with `What:` and with `Test:`, the tests that have to catch it. No part of the usual tests, since it
# builds the program once for each: about a minute each on two cores. That every patch still applies is a test of
# tests/house.rs. Exits with 1 if a mutation goes unnoticed.
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# Folders of its own, so that no broken program is left where somebody looks for a good one.
export CARGO_TARGET_DIR=$root/target/mutants
tree=$CARGO_TARGET_DIR/tree
log=$CARGO_TARGET_DIR/log
discard() { git -C "$root" worktree remove --force "$tree" 2>/dev/null; }
discard
trap discard EXIT
mkdir -p "$CARGO_TARGET_DIR" && git -C "$root" worktree add --quiet --detach "$tree" HEAD && cd "$tree" || exit 2

wanted() {
    (($# == 1)) && return 0
    local name=$1 word
    shift
    for word in "$@"; do [[ $word != "" && $name == *"$word"* ]] && return 0; done
    return 1
}

# Says how the tests that match went: caught, unnoticed, or why that cannot be told.
verdict() {
    if ! cargo test --quiet --locked --test suite --no-run >"$log" 2>&1; then
        echo "does not build"
        tail -20 "$log" >&2
    elif timeout 600 cargo test --quiet --locked --test suite -- "$1" >"$log" 2>&1; then
        if grep -q 'running 0 tests' "$log"; then echo "no such test"; else echo unnoticed; fi
    elif [[ $? -eq 124 ]]; then
        echo "caught (hangs)"
    else
        echo "caught by $(sed -n 's/^    \([a-z_:]*::[a-z_0-9:]*\)$/\1/p' "$log" | sort -u | paste -sd ' ')"
    fi
}

unnoticed=0
for patch in "$root"/tests/mutations/*.patch; do
    name=$(basename "$patch" .patch)
    wanted "$name" "$@" || continue
    what=$(sed -n 's/^What: //p' "$patch")
    tests=$(sed -n 's/^Test: //p' "$patch")
    began=$SECONDS
    if git apply "$patch"; then said=$(verdict "$tests"); else said="does not apply"; fi
    [[ $said == caught* ]] || unnoticed=1
    printf '%s (%s), %d s: %s\n' "$name" "$what" $((SECONDS - began)) "$said"
    git checkout --quiet .
done
exit "$unnoticed"
