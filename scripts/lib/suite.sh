# To be sourced: suites and those who run them.
#
# A suite is a program that ends with the line "N passed, M failed", and with a status other than 0 if any failed. Drop one into
# scripts/suites and scripts/test runs it; into scripts/ci, and .ci/run does.
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
passed=0
failed=0

# Random tests draw from the commit: each commit meets other cases, and always the same. DRL_TEST_SEED in the environment wins.
if [[ -z ${DRL_TEST_SEED:-} ]] && commit=$(git -C "$root" rev-parse --short=8 HEAD 2>/dev/null); then
  export DRL_TEST_SEED=$((16#${commit:0:8}))
fi

pass() { passed=$((passed + 1)) && echo "ok      $1"; }
fail() { failed=$((failed + 1)) && echo "FAILED  $1"; }

# check NAME COMMAND...: one test case. The command runs in a subshell that stops at its first error; what it said is shown if it
# failed.
check() {
  local name=$1 said status
  shift
  said=$(mktemp)
  set +e
  (set -e; "$@") >"$said" 2>&1
  status=$?
  set -e
  if [[ $status == 0 ]]; then pass "$name"; else fail "$name" && sed 's/^/        /' "$said"; fi
  rm -f "$said"
}

# finish: the closing line, and the end.
finish() {
  echo "$passed passed, $failed failed"
  ((failed == 0 && passed > 0)) || exit 1
  exit 0
}

# run_suite LOGS PROGRAM [ARGUMENT...]: runs one suite, its output in LOGS/<name>.log, and adds its counts to ours. A suite that
# does not end as it should, or that tested nothing, is a failure.
run_suite() {
  local logs=$1 name log status=0 p=0 f=0 start=$SECONDS
  shift
  name=$(basename "$1")
  log=$logs/$name.log
  mkdir -p "$logs"
  "$@" >"$log" 2>&1 </dev/null || status=$?
  if [[ $(tail -n 1 "$log") =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
    p=${BASH_REMATCH[1]} f=${BASH_REMATCH[2]}
  fi
  if ((f == 0 && (p == 0 || status != 0))); then f=1; fi
  passed=$((passed + p)) failed=$((failed + f))
  printf '%-14s %6d passed %5d failed %6d s\n' "$name" "$p" "$f" $((SECONDS - start))
  if ((f > 0)); then
    echo "---- the end of ${log#"$root"/}"
    tail -n 60 "$log"
    echo "----"
  fi
}
