# Counts test cases in CTest's LastTest.log: those that GoogleTest and cmocka report, or one for a program that is its own
# test. Prints: passed failed skipped. A program that crashed counts as a failure, whatever it had reported.
function close_test() {
  if (!open) return
  if (bad && failed == 0) failed = 1
  if (!bad && passed + failed + skipped == 0) passed = 1
  sum_passed += passed; sum_failed += failed; sum_skipped += skipped
  open = 0
}
/^[0-9]+\/[0-9]+ Testing: / { close_test(); open = 1; bad = 1; passed = failed = skipped = 0 }
/^\[  PASSED  \] [0-9]+ test/ { passed += $4 }
/^\[  FAILED  \] [0-9]+ test/ { failed += $4 }
/^\[  SKIPPED \] [0-9]+ test/ { skipped += $4 }
/^Test Passed\.$/ { bad = 0 }
/^Skip (regular expression|return code)/ { bad = 0; if (skipped == 0) skipped = 1 }
END { close_test(); print sum_passed + 0, sum_failed + 0, sum_skipped + 0 }
