#!/usr/bin/env bash
# Builds the native core with sanitizers in a scratch environment and runs its tests:
#
#   tools/sanitize.sh address,undefined
#   tools/sanitize.sh thread
#   tools/sanitize.sh thread tests/solve/test_flexible.py -k workers
#
# Without further arguments all tests of searches and of schedule generation run. The build takes
# long; if HEADWAY_SANITIZE_HOME names a folder it is kept there, so that tests can run in portions.
# Remove the folder after a change to the core or the package.
set -euo pipefail

sanitizers="${1:?which sanitizers: address,undefined or thread}"
shift
cd "$(dirname "$0")/.."
scratch="${HEADWAY_SANITIZE_HOME:-}"
if [ -z "$scratch" ]; then
  scratch="$(mktemp -d)"
  trap 'rm -rf "$scratch"' EXIT
fi

if [ "$(cat "$scratch/built" 2> /dev/null)" != "$sanitizers" ]; then
  python3 -m venv "$scratch/venv"
  "$scratch/venv/bin/pip" install --quiet '.[test]' \
    -Ccmake.define.HEADWAY_SANITIZE="$sanitizers" -Ccmake.build-type=Debug
  echo "$sanitizers" > "$scratch/built"
fi

case "$sanitizers" in
  thread) runtime=libtsan.so ;;
  *) runtime=libasan.so ;;
esac
preload="$(g++ -print-file-name="$runtime") $(g++ -print-file-name=libstdc++.so)"
# Python itself leaks by design, and numpy's and OR-Tools' threads are not ours to judge.
cat > "$scratch/suppressions" << 'SUPPRESSIONS'
called_from_lib:libortools
called_from_lib:libscipy_openblas
race:^_Py
race:^Py
SUPPRESSIONS
export ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
export TSAN_OPTIONS="suppressions=$scratch/suppressions ignore_noninstrumented_modules=1 halt_on_error=1"

if [ "$#" -eq 0 ]; then
  # What only drives other libraries has nothing of the core in it.
  set -- tests/solve --ignore-glob='*cpsat*' --ignore-glob='*cluster*' --ignore-glob='*portfolio*' \
    --ignore-glob='*lns*' --ignore-glob='*rolling*' --ignore-glob='*differential*'
fi
LD_PRELOAD="$preload" "$scratch/venv/bin/python" -m pytest -q -n 0 -p no:cacheprovider "$@"
