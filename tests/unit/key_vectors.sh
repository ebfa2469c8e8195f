#!/bin/sh
# Computes key_vectors.txt with tools that know nothing of this library: printf, xxd, sha256sum, openssl, base64.
#   sh key_vectors.sh > key_vectors.txt
# Fields, separated by one space: rate, period in microseconds, burst (of several limits each a list with commas),
# namespace, name, secret in hex, identity in hex, how often it is repeated, key. A dash stands for an empty field.
set -eu

u32() { printf '%08x' "$1"; }
u64() { printf '%016x' "$1"; }
hex() { printf '%s' "$1" | xxd -p | tr -d '\n'; }
repeat() { i=0; while [ "$i" -lt "$2" ]; do printf '%s' "$1"; i=$((i + 1)); done; }

digest() { # secret; the input as hex on stdin
  if [ "$1" = - ]; then
    xxd -r -p | sha256sum | cut -c 1-32
  else
    xxd -r -p | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$1" | sed 's/.*= *//' | cut -c 1-32
  fi
}

gcd() { if [ "$2" -eq 0 ]; then echo "$1"; else gcd "$2" $(($1 % $2)); fi; }
short() { xxd -r -p | base64 | tr '+/' '-_' | cut -c "1-$1"; } # characters; hex on stdin
count() { printf '%s' "$1" | tr ',' '\n' | grep -c .; }
item() { printf '%s' "$2" | cut -d , -f "$1"; } # index, list

# The plan: its version, kind and flags, the longest wait, and each limit with the price of a token in lowest terms.
plan() { # rates periods bursts
  printf '010000%s%02x' "$(u64 0)" "$(count "$1")"
  i=1
  while [ "$i" -le "$(count "$1")" ]; do
    rate=$(item "$i" "$1") period=$(item "$i" "$2")
    divisor=$(gcd "$rate" "$period")
    printf '%s' "$(u64 $((period / divisor)))$(u64 $((rate / divisor)))$(u64 "$(item "$i" "$3")")$(u64 0)"
    i=$((i + 1))
  done
}

# The policy of the vectors that follow.
policy() { # rates periods bursts
  policy="$1 $2 $3"
  fingerprint=$(plan "$1" "$2" "$3" | digest - | short 6)
}

vector() { # namespace name secret identity times
  name=${2#-}
  input=$(u32 "${#1}")$(hex "$1")$(u32 $((${#4} / 2 * $5)))$(repeat "$4" "$5")
  identity=$(printf '%s\n' "$input" | digest "$3" | short 22)
  printf '%s %s %s %s %s %s drl:%s:{%s}%s%s\n' "$policy" "$1" "$2" "$3" "$4" "$5" "$1" "$identity" "$fingerprint" \
    "${name:+:$name}"
}

secret=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
long_secret=$(repeat 7a 131) # longer than a block of SHA-256

policy 100 60000000 100
vector default - - "$(hex user_123)" 1
vector default - - "$(hex 192.0.2.1)" 1
vector default login - "$(hex user_123)" 1
vector api per-minute - "$(hex user_123)" 1
vector a:b - - "$(hex c)" 1
vector a - - "$(hex b:c)" 1
vector a b - "$(hex c)" 1
vector default - - 00 1
vector default - - 0000 1
vector default - - 6100 1
vector default - - 61 1
vector default - - 0d0a 1
vector default - - "$(hex x)0d0a$(hex '*1')0d0a$(hex '$8')0d0a$(hex FLUSHALL)0d0a" 1
vector default - - ff 1
vector default - - c080 1
vector default - - f09f92a9 1
vector default - - "$(hex '{tag}')" 1
vector default - - 61 65536
vector default - - 00 65536
vector default - - ff 65535
vector default - "$secret" "$(hex user_123)" 1
vector default - "$secret" 00 1
vector default - "$secret" 61 65536
vector api per-minute "$secret" "$(hex 192.0.2.1)" 1
vector default - "$long_secret" "$(hex user_123)" 1
vector default - 61626364656667686970717273747576 "$(hex user_123)" 1
vector "$(repeat n 64)" "$(repeat m 64)" - "$(hex user_123)" 1
vector '!~' '"$%&' - "$(hex user_123)" 1

for numbers in '10 60000000 10' '10 60000000 3' '200 120000000 100' '50 30000000 100' '100 60000000 99' \
  '1 1 1' '7 60000000 7' '300000 1000000 300000' '1000000000000 1000000 1000000000000' '1 1125899906842624 1' \
  '1000000000000 1125899906842624 1000000000000' '10,100 1000000,60000000 10,100' '100,10 60000000,1000000 100,10' \
  '10,10 1000000,1000000 10,10' '1,2,3,4,5,6,7,8 1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000 8,7,6,5,4,3,2,1'; do
  # shellcheck disable=SC2086 # three words
  policy $numbers
  vector default - - "$(hex user_123)" 1
done
vector api per-minute "$secret" "$(hex user_123)" 1
