#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The kernels for 64-bit ARM, compiled and tested on any machine: tests/aarch64.sh [ROOT]
# Needs gcc-aarch64-linux-gnu and qemu-user-static, and check and libsubunit-dev of architecture
# arm64, which may be unpacked (dpkg -x) below the folder ROOT.
set -eu
cd "$(dirname "$0")/.."

root=${1-}
program=$(mktemp)
trap 'rm -f "$program"' EXIT

# shellcheck disable=SC2046 # a list of files
aarch64-linux-gnu-gcc -static -o "$program" -std=c17 -D_GNU_SOURCE -O2 -g -ffp-contract=off \
    -Wall -Wextra -Wpedantic -Werror -Wconversion -Wshadow -Wstrict-prototypes \
    -Wmissing-prototypes -Wvla -Wcast-align=strict -Wswitch-enum -Wundef -Wwrite-strings \
    -Iinclude -Isrc -isystem "$root/usr/include" \
    $(find src/pdq -name '*.c' ! -name '*_avx*') src/base/cpu.c src/base/hex.c src/base/memory.c \
    tests/test_pdq_kernels.c tests/float_kinds.c tests/guarded.c tests/pdq_oracle.c \
    tests/run_suite.c \
    -L"$root/usr/lib/aarch64-linux-gnu" -lcheck -lsubunit -lm
qemu-aarch64-static "$program"
