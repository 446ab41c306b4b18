#!/bin/sh
# Makes the virtual environment FOLDER and puts uv VERSION into it. Does nothing when both are there.
# usage: make-venv.sh FOLDER VERSION      PYTHON=/path/to/python chooses the interpreter
set -eu
venv=$1
uv_version=$2

works() { # an interpreter that runs, is new enough and can make environments
    "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
    for candidate in ${PYTHON:-python3.13 python3.12 python3.11 python3.14 python3 python}; do
        if works "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    {
        echo "Tutela needs Python 3.11 or newer with its venv module, and found none${PYTHON:+ at $PYTHON}."
        echo "Debian, Ubuntu: sudo apt-get install python3 python3-venv"
        echo "Fedora:         sudo dnf install python3"
        echo "macOS:          brew install python"
        echo "Elsewhere:      make install PYTHON=/path/to/python3"
    } >&2
    exit 1
}

if ! "$venv/bin/python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    python=$(find_python)
    echo "Making $venv with $("$python" --version 2>&1)" >&2
    "$python" -m venv --clear "$venv"
fi
if [ "$("$venv/bin/uv" --version 2>/dev/null | cut -d' ' -f2)" != "$uv_version" ]; then
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "uv==$uv_version"
fi
