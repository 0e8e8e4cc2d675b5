#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Sets up and compiles our builds, each in its own folder: tests/build.sh NAME...
set -eu
cd "$(dirname "$0")/.."

for name in "$@"; do
    compiler=${CC:-cc}
    folder=build-$name
    case $name in
    # Not --buildtype=release: gcc 12 warns falsely at -O3, and warnings are errors.
    plain) folder=build options='-Db_ndebug=true' ;;
    clang) compiler=clang options='' ;;
    asan) options='-Db_sanitize=address,undefined -Db_lundef=false' ;;
    tsan) compiler=clang options='-Db_sanitize=thread -Db_lundef=false' ;;
    fuzz) compiler=clang options='-Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false' ;;
    *)
        echo "tests/build.sh: no build is called '$name'" >&2
        exit 64
        ;;
    esac
    # shellcheck disable=SC2086 # options are words
    [ -f "$folder/build.ninja" ] || CC=$compiler meson setup "$folder" --werror $options
    ninja -C "$folder" --quiet
done
