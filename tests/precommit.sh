#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every check there is, before a commit. Installs nothing ('./bootstrap packages' does), stops at
# the first check that fails, and does only the named ones when given names.
set -eu
cd "$(dirname "$0")/.."

all='scripts plain tidy asan tsan valgrind fuzz'
seconds_to_fuzz=10 # each target

run_tests() {
    folder=$1
    shift
    meson test -C "$folder" --no-rebuild --print-errorlogs "$@"
}

check_scripts() {
    shellcheck bootstrap .ci/run tests/*.sh
}

check_plain() {
    tests/build.sh plain
    run_tests build
}

check_tidy() {
    tests/build.sh clang
    run-clang-tidy -quiet -p build-clang
}

check_asan() {
    tests/build.sh asan
    run_tests build-asan
}

check_tsan() {
    tests/build.sh tsan
    run_tests build-tsan --suite unit
}

check_valgrind() {
    tests/build.sh plain
    CK_FORK=no run_tests build --suite unit --no-suite beyond_valgrind --timeout-multiplier 20 \
        --wrapper 'valgrind --quiet --leak-check=full --error-exitcode=9'
}

# New inputs go to a folder that is thrown away; a crash leaves its input in build-fuzz.
check_fuzz() {
    tests/build.sh fuzz
    for folder in tests/corpus/*/; do
        name=$(basename "$folder")
        found=$(mktemp -d)
        log=build-fuzz/fuzz_$name.log
        printf 'fuzz_%s: %d s\n' "$name" "$seconds_to_fuzz"
        "build-fuzz/tests/fuzz_$name" -max_total_time="$seconds_to_fuzz" \
            -artifact_prefix=build-fuzz/ "$found" "$folder" >"$log" 2>&1 || {
            cat "$log"
            exit 1
        }
        rm -rf "$found"
    done
}

for name in "${@:-$all}"; do
    for check in $name; do
        printf '== %s\n' "$check"
        "check_$check"
    done
done
echo 'all checks passed'
