# Steps of tests/run: each one runs with its output in a log, prints one line and adds to the totals.

passed=0
failed=0
last_log=
steps=0
# The tests that failed, by step: repeated at the end, where whoever has only the end of the output finds them.
broken=

# Ends a run that cannot be started, with one sentence for whoever started it.
refuse() {
  echo "$1" >&2
  exit 2
}

# step NAME COMMAND...
#
# A step whose output has counts (cargo, node or Python's unittest) adds those; any other adds one. A failing step does
# not end the run: the next ones may tell more.
step() {
  local name=$1 began=$SECONDS status=0
  shift
  steps=$((steps + 1))
  last_log=$(printf '%s/%02d-%s.log' "$LOGS" "$steps" "${name//[^A-Za-z0-9]/-}")
  "$@" </dev/null >"$last_log" 2>&1 || status=$?
  count "$last_log" "$status"
  local verdict=ok
  ((step_failed)) && verdict=FAILED
  printf '%-6s %4d s  %s: %d passed, %d failed%s\n' \
    "$verdict" $((SECONDS - began)) "$name" "$step_passed" "$step_failed" "$step_left_out"
  if ((step_failed)); then
    tail -n 60 "$last_log" | sed 's/^/       | /'
    echo "       all of it: ${last_log#"$PWD"/}"
    broken+="$name"$'\n'"$(what_failed "$last_log")"$'\n'
  fi
  passed=$((passed + step_passed))
  failed=$((failed + step_failed))
}

# Sets step_passed, step_failed and step_left_out from a log and an exit status.
count() {
  local log=$1 status=$2
  step_passed=$(add_up "$log" 's/^test result: .* ([0-9]+) passed;.*/\1/p; s/^# pass ([0-9]+)$/\1/p')
  step_failed=$(add_up "$log" 's/^test result: .* ([0-9]+) failed;.*/\1/p; s/^# (fail|cancelled) ([0-9]+)$/\2/p')
  local ran wrong
  ran=$(add_up "$log" 's/^Ran ([0-9]+) tests? in .*/\1/p')
  wrong=$(($(add_up "$log" 's/^FAILED \(.*failures=([0-9]+).*/\1/p') + $(add_up "$log" 's/^FAILED \(.*errors=([0-9]+).*/\1/p')))
  step_passed=$((step_passed + (ran > wrong ? ran - wrong : 0)))
  step_failed=$((step_failed + wrong))
  # A command that fails without saying what, or succeeds without counting, is one check.
  if ((status != 0 && step_failed == 0)); then step_failed=1; fi
  if ((status == 0 && step_passed + step_failed == 0)); then step_passed=1; fi

  local left_out
  left_out=$(add_up "$log" 's/^test result: .* ([0-9]+) ignored;.*/\1/p; s/^# (skipped|todo) ([0-9]+)$/\2/p')
  step_left_out=
  if ((left_out)); then step_left_out=", $left_out left out"; fi
}

# what_failed LOG: the tests that failed by name, with the first lines of what they said; where none is named, the end.
what_failed() {
  local said
  said=$(awk '
    # Node: a result that is not ok, and the error of the block that follows it.
    /^ *not ok [0-9]/ { print "  " $0; left = 25; more = 0; next }
    left > 0 && /^ *error:/ { more = 5 }
    more > 0 { print "    " $0; more-- }
    left > 0 { left-- }
    # Cargo: the line of the test, and where it stopped.
    / \.\.\. FAILED$/ { print "  " $0 }
    /^thread .* panicked at / { stopped = 4 }
    stopped > 0 { print "    " substr($0, 1, 500); stopped-- }
    # Python, and compilers.
    /^(FAIL|ERROR): / { print "  " $0 }
    /^error(\[|:)/ { print "  " $0; getline; print "    " $0 }
  ' "$1" | head -n 60)
  if [[ -z $said ]]; then said=$(tail -n 5 "$1" | sed 's/^/    /'); fi
  printf '%s\n' "$said"
}

# add_up LOG SCRIPT: the sum of the numbers that a sed script finds.
add_up() {
  sed -nE "$2" "$1" | awk '{ sum += $1 } END { print sum + 0 }'
}

# show_last_log TITLE: what the last step wrote, for figures that people should see.
show_last_log() {
  printf '\n%s\n\n' "$1"
  sed 's/^/  /' "$last_log"
  echo
}

# The line of totals, and the exit status.
finish() {
  if [[ $broken ]]; then printf '\nWhat failed:\n%s' "$broken"; fi
  printf '\n%d passed, %d failed\n' "$passed" "$failed"
  ((failed == 0))
}
