#!/bin/sh
# Computes key_vectors.txt with tools that know nothing of this library: printf, xxd, sha256sum, openssl, base64.
#   sh key_vectors.sh > key_vectors.txt
# Fields, separated by one space: namespace, name, secret in hex, identity in hex, how often it is repeated, key.
# A dash stands for an empty field.
set -eu

u32() { printf '%08x' "$1"; }
hex() { printf '%s' "$1" | xxd -p | tr -d '\n'; }
repeat() { i=0; while [ "$i" -lt "$2" ]; do printf '%s' "$1"; i=$((i + 1)); done; }

digest() { # secret; the input as hex on stdin
  if [ "$1" = - ]; then
    xxd -r -p | sha256sum | cut -c 1-32
  else
    xxd -r -p | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$1" | sed 's/.*= *//' | cut -c 1-32
  fi
}

vector() { # namespace name secret identity times
  name=${2#-}
  input=$(u32 "${#1}")$(hex "$1")$(u32 $((${#4} / 2 * $5)))$(repeat "$4" "$5")
  short=$(printf '%s\n' "$input" | digest "$3" | xxd -r -p | base64 | tr '+/' '-_' | cut -c 1-22)
  printf '%s %s %s %s %s drl:%s:{%s}%s\n' "$1" "$2" "$3" "$4" "$5" "$1" "$short" "${name:+:$name}"
}

secret=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
long_secret=$(repeat 7a 131) # longer than a block of SHA-256

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
