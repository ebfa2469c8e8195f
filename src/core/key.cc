#include "core/key.h"

#include <cstring>
#include <functional>

#include "core/digest.h"

namespace drl::core {
namespace {

constexpr size_t kDigestBytes = 16;  // of SHA-256's 32

void PutLength(size_t length, uint8_t out[4]) {
  for (int i = 0; i < 4; ++i) out[i] = static_cast<uint8_t>(length >> (24 - 8 * i));
}

}  // namespace

KeyMaker::KeyMaker(std::string_view key_namespace, std::string_view name, std::string_view fingerprint,
                   std::span<const uint8_t> secret) {
  prefix_.append("drl:").append(key_namespace).append(":{");
  suffix_.append("}").append(fingerprint);
  if (!name.empty()) suffix_.append(":").append(name);
  salt_ = static_cast<uint32_t>(std::hash<std::string>()(suffix_));
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
  Base64Url(std::span(digest).first(kDigestBytes), {out, kDigestLen});
  out += kDigestLen;
  std::memcpy(out, suffix_.data(), suffix_.size());
  out += suffix_.size();
  *out = '\0';
  key.length = static_cast<uint8_t>(out - key.text);
  std::memcpy(&key.hash, digest, sizeof key.hash);
  key.hash ^= salt_;
}

}  // namespace drl::core
