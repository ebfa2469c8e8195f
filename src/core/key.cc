#include "core/key.h"

#include <cstring>

namespace drl::core {
namespace {

void PutLength(size_t length, uint8_t out[4]) {
  for (int i = 0; i < 4; ++i) out[i] = static_cast<uint8_t>(length >> (24 - 8 * i));
}

// 16 bytes as 22 characters (RFC 4648 section 5, no padding).
void Base64Url(const uint8_t* bytes, char* out) {
  static constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  for (int i = 0; i < 15; i += 3) {
    const uint32_t group = static_cast<uint32_t>(bytes[i] << 16 | bytes[i + 1] << 8 | bytes[i + 2]);
    for (int shift = 18; shift >= 0; shift -= 6) *out++ = kAlphabet[group >> shift & 63];
  }
  *out++ = kAlphabet[bytes[15] >> 2];
  *out = kAlphabet[(bytes[15] & 3) << 4];
}

}  // namespace

KeyMaker::KeyMaker(std::string_view key_namespace, std::string_view name, std::span<const uint8_t> secret) {
  prefix_.append("drl:").append(key_namespace).append(":{");
  suffix_ = "}";
  if (!name.empty()) suffix_.append(":").append(name);
  uint8_t length[4];
  PutLength(key_namespace.size(), length);
  hashed_prefix_.append(reinterpret_cast<const char*>(length), sizeof length).append(key_namespace);
  if (!secret.empty()) {
    hmac_.emplace();
    crypto_auth_hmacsha256_init(&*hmac_, secret.data(), secret.size());
    crypto_auth_hmacsha256_update(&*hmac_, reinterpret_cast<const uint8_t*>(hashed_prefix_.data()),
                                  hashed_prefix_.size());
  }
}

void KeyMaker::Make(std::span<const uint8_t> identity, Key& key) const {
  uint8_t length[4];
  PutLength(identity.size(), length);
  uint8_t digest[crypto_hash_sha256_BYTES];
  if (hmac_) {
    crypto_auth_hmacsha256_state state = *hmac_;
    crypto_auth_hmacsha256_update(&state, length, sizeof length);
    crypto_auth_hmacsha256_update(&state, identity.data(), identity.size());
    crypto_auth_hmacsha256_final(&state, digest);
  } else {
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, reinterpret_cast<const uint8_t*>(hashed_prefix_.data()), hashed_prefix_.size());
    crypto_hash_sha256_update(&state, length, sizeof length);
    crypto_hash_sha256_update(&state, identity.data(), identity.size());
    crypto_hash_sha256_final(&state, digest);
  }
  char* out = key.text;
  std::memcpy(out, prefix_.data(), prefix_.size());
  out += prefix_.size();
  Base64Url(digest, out);
  out += kDigestLen;
  std::memcpy(out, suffix_.data(), suffix_.size());
  out += suffix_.size();
  *out = '\0';
  key.length = static_cast<uint8_t>(out - key.text);
}

}  // namespace drl::core
