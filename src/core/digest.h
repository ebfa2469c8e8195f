// SHA-256 and the characters that keys spell digests in.
#pragma once

#include <sodium.h>

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace drl::core {

using Digest = std::array<uint8_t, crypto_hash_sha256_BYTES>;

[[nodiscard]] inline Digest Sha256(std::string_view bytes) {
  Digest digest;
  crypto_hash_sha256(digest.data(), reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  return digest;
}

// Fills `out` with the first characters of the bytes in base64url (RFC 4648 section 5, no padding).
inline void Base64Url(std::span<const uint8_t> bytes, std::span<char> out) {
  static constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  uint32_t bits = 0;
  int held = 0;
  size_t next = 0;
  for (char& character : out) {
    if (held < 6) {
      bits = bits << 8 | (next < bytes.size() ? bytes[next++] : 0U);
      held += 8;
    }
    held -= 6;
    character = kAlphabet[bits >> held & 63];
  }
}

}  // namespace drl::core
