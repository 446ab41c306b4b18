#!/bin/sh
# Builds the kernels with the address and undefined-behaviour sanitizers of GCC, and runs their tests
# and SECONDS of hostile shapes and tables under them. A report of the sanitizer ends it with failure.
# usage: fuzz-native.sh VENV SECONDS
set -eu
bin=$(cd "$1/bin" && pwd)
seconds=$2
build=build/sanitized
"$bin/cmake" -S . -B "$build" -G Ninja -DTUTELA_SANITIZE=ON -DCMAKE_BUILD_TYPE=RelWithDebInfo \
    -DCMAKE_MAKE_PROGRAM="$bin/ninja" -DPython_EXECUTABLE="$bin/python" -DCMAKE_CXX_COMPILER=g++ \
    -Dnanobind_DIR="$("$bin/python" -m nanobind --cmake_dir)" >/dev/null
"$bin/ninja" -C "$build" >/dev/null

# Python is not built with it, so the library must come first; it needs the C++ runtime to be there.
TUTELA_SANITIZED=$(pwd)/$build
LD_PRELOAD="$(g++ -print-file-name=libasan.so) $(g++ -print-file-name=libubsan.so) $(g++ -print-file-name=libstdc++.so)"
# Python keeps what it has until it ends; that is no leak of ours.
ASAN_OPTIONS=detect_leaks=0:detect_stack_use_after_return=1:strict_string_checks=1:allocator_may_return_null=1
UBSAN_OPTIONS=print_stacktrace=1
PYTHONMALLOC=malloc
export TUTELA_SANITIZED LD_PRELOAD ASAN_OPTIONS UBSAN_OPTIONS PYTHONMALLOC
"$bin/python" -m pytest -q -p fuzz.sanitized -p no:cacheprovider tests/unit/hashing/test_kernels.py \
    tests/unit/matching/test_index.py tests/unit/matching/test_disk_index.py tests/properties/test_index.py
"$bin/python" -m fuzz kernels segment --random "$(date +%s)" --seconds "$seconds"
