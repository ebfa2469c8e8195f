// Files of certificates and keys.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"

namespace drl::redis {

// The content of a regular file, however it is linked. The error begins with `option`, which named it.
[[nodiscard]] base::Result<std::string> ReadPemFile(const std::string& path, std::string_view option);

[[nodiscard]] bool IsDirectory(const std::string& path);

// Whether a directory has a file that OpenSSL finds by the hash of a name: "12345678.0", or of a revocation list "12345678.r0".
enum class Hashed { kCertificate, kRevocationList };
[[nodiscard]] bool HoldsHashed(const std::string& directory, Hashed kind);

}  // namespace drl::redis
