# shellcheck shell=bash
# What the tests of the whole program share. A test is a script of
#
#     . "${GPTUI_SRCDIR:?}/tests/lib.sh"
#     begin 3
#     gptui --headless "${QUICK[@]}" --out a           # sets $status, and the files $out and $err
#     is "a run ends with status 0" "$status" 0
#     finish
#
# It stands in a folder of its own, which goes away at the end. GPTUI is the program under test.
set -u
export LC_ALL=C
export GPTUI_ASSETS=${GPTUI_ASSETS:-$GPTUI_SRCDIR/assets}
# A sanitizer's complaint must not look like the exit status 1 of a refused file.
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}exitcode=99
export UBSAN_OPTIONS=${UBSAN_OPTIONS:+$UBSAN_OPTIONS:}exitcode=99
export TSAN_OPTIONS=${TSAN_OPTIONS:+$TSAN_OPTIONS:}exitcode=99
GPTUI=$(realpath "${GPTUI:?}")
GPTUI_SRCDIR=$(realpath "$GPTUI_SRCDIR")
# shellcheck disable=SC2034 # for the tests
FIXTURES=$GPTUI_SRCDIR/tests/fixtures
LIMIT=${GPTUI_CALL_TIMEOUT:-60} # seconds for one call of the program

# A run of a tenth of a second: 4 steps an epoch, 12 in all.
# shellcheck disable=SC2034
QUICK=(--headless --model random:nano --data scenes:shape --scenes-train 64 --scenes-val 32 --scenes-test 32
    --batch 16 --chunk 3 --epochs 3 --recipe none --lr 0.05 --threads 2)

work=$(mktemp -d "${TMPDIR:-/tmp}/gptui-test.XXXXXX") || exit 1
out=$work/out err=$work/err
status=0 planned=0 number=0 failed=0
pid=
declare -a cleanups=()

cleanup() {
    local i
    if [ -n "$pid" ]; then kill -9 "$pid" 2>/dev/null; fi
    for ((i = ${#cleanups[@]} - 1; i >= 0; i--)); do eval "${cleanups[i]}"; done
    cd / && rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 1' HUP INT TERM
mkdir "$work/here" && cd "$work/here" || exit 1

# at_end COMMAND: is carried out before the folder goes away, the last one first.
at_end() { cleanups+=("$1"); }

begin() {
    planned=$1
    echo "1..$planned"
}

# ok WHAT, not_ok WHAT [WHY], skip WHAT WHY: one test.
ok() { echo "ok $((++number)) - $1"; }
not_ok() {
    echo "not ok $((++number)) - $1"
    failed=$((failed + 1))
    if [ -n "${2:-}" ]; then echo "# ${2//$'\n'/$'\n# '}"; fi
}
skip() { echo "ok $((++number)) - $1 # SKIP $2"; }

# is WHAT FOUND EXPECTED
is() {
    if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "found:    $2"$'\n'"expected: $3"$'\n'"$(last_call)"; fi
}

# like WHAT FOUND PATTERN: an extended regular expression
like() {
    if [[ $2 =~ $3 ]]; then ok "$1"; else not_ok "$1" "found:    $2"$'\n'"expected: $3"$'\n'"$(last_call)"; fi
}

# holds WHAT COMMAND...
holds() {
    local what=$1
    shift
    if "$@"; then ok "$what"; else not_ok "$what" "does not hold: $*"$'\n'"$(last_call)"; fi
}

# A test of many cases: `case_failed WHY` for each bad one, then `cases WHAT`.
bad_cases=
case_failed() { bad_cases+="$1"$'\n'; }
cases() {
    if [ -z "$bad_cases" ]; then ok "$1"; else not_ok "$1" "$bad_cases"; fi
    bad_cases=
}

finish() {
    [ "$number" -eq "$planned" ] || echo "# $number tests of $planned"
    [ "$failed" -eq 0 ] && [ "$number" -eq "$planned" ]
    exit
}

last_call() {
    echo "status $status of: ${call:-nothing}"
    tail -n 5 "$out" "$err" 2>/dev/null
}

# gptui ARGUMENT...: one call. A hang has status 124; what a sanitizer finds, status 99.
gptui() {
    call="gptui $*"
    timeout --kill-after=5 "$LIMIT" "$GPTUI" "$@" >"$out" 2>"$err"
    status=$?
    settle
}

# start ARGUMENT...: in the background, as $pid; settled by `settled`.
start() {
    call="gptui $* &"
    "$GPTUI" "$@" >"$out" 2>"$err" </dev/null &
    pid=$!
}

# settled: waits for $pid, and kills it where it hangs.
settled() {
    local i
    for ((i = 0; i < LIMIT * 20; i++)); do
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.05
    done
    kill -9 "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
    status=$?
    pid=
    settle
}

settle() {
    if grep -qE 'Sanitizer|runtime error:' "$err"; then status=99; fi
}

# wait_lines FILE N: until FILE has N lines; false where $pid ends before.
wait_lines() {
    while kill -0 "$pid" 2>/dev/null; do
        if [ -r "$1" ] && [ "$(wc -l <"$1")" -ge "$2" ]; then return 0; fi
        sleep 0.01
    done
    return 1
}

# What the last call printed: the weights' hash, and the number behind NAME= of the done line.
hash_of() { sed -n 's/^done .* sha256=\([0-9a-f]\{64\}\)$/\1/p' "$out"; }
number_of() { sed -n "s/^done .* $1=\([^ ]*\) .*/\1/p" "$out"; }

# metrics_of RUN: its metrics without the times.
metrics_of() { sed 's/,"seconds":[^,]*,"images_per_s":[^,}]*//' "$1/metrics.jsonl"; }

# picture FILE SIDE SEED: a coloured gradient as PPM, another one for each seed.
picture() {
    awk -v n="$2" -v s="$3" 'BEGIN {
        printf "P6\n%d %d\n255\n", n, n
        for (y = 0; y < n; y++) for (x = 0; x < n; x++)
            printf "%c%c%c", 1 + (x * (3 + s) + s * 17) % 250, 1 + (y * 5 + s * 31) % 250, 1 + (x * y + s * 7) % 250
    }' >"$1"
}

# pictures FOLDER TRAIN VAL TEST: splits of two classes with that many images each.
pictures() {
    local split class count i seed=0
    for split in "train $2" "val $3" "test $4"; do
        count=${split#* } split=${split% *}
        for class in calm wild; do
            mkdir -p "$1/$split/$class"
            for ((i = 0; i < count; i++)); do picture "$1/$split/$class/$i.ppm" 24 $((seed++)); done
        done
    done
}
