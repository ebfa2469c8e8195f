# To be sourced: the tests that CTest knows, counted one by one.
. "$(dirname "${BASH_SOURCE[0]}")/suite.sh"

# run_ctest PRESET [CTEST ARGUMENT...]: runs them and adds their test cases to our counts.
run_ctest() {
  local preset=$1 p f skipped
  shift
  ctest --test-dir "$root/build/$preset" --output-on-failure --no-tests=error --timeout 600 "$@" ||
    echo "ctest ended with status $?"
  read -r p f skipped < <(awk -f "$root/scripts/lib/ctest.awk" "$root/build/$preset/Testing/Temporary/LastTest.log")
  if ((skipped > 0)); then echo "$skipped test cases were skipped"; fi
  passed=$((passed + p)) failed=$((failed + f))
}
