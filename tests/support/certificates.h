// Certificates of a test, made when it runs: good ones, and those that nobody should believe.
#pragma once

#include <openssl/x509.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace drl::test {

struct CertificateOptions {
  std::string common_name = "libdrl test";
  std::string names = "DNS:localhost,IP:127.0.0.1,IP:::1";  // subjectAltName; empty: none
  std::string usage = "serverAuth,clientAuth";              // extendedKeyUsage; empty: none
  std::string constraints = "CA:FALSE";                     // basicConstraints
  int64_t from_s = -3'600;                                  // from now on
  int64_t until_s = 86'400;
  int rsa_bits = 0;  // 0: a key of P-256
  const char* digest = "SHA256";
};

// A certificate with its key.
class Identity {
 public:
  // Signed by itself where there is no issuer.
  explicit Identity(const CertificateOptions& options, const Identity* issuer = nullptr);

  [[nodiscard]] std::string certificate() const;                   // PEM
  [[nodiscard]] std::string key(std::string password = "") const;  // PEM
  // The PEM of a list by which this authority revokes certificates.
  [[nodiscard]] std::string Revoke(const std::vector<const Identity*>& revoked) const;
  // The name that OpenSSL looks for in a directory: "12345678.0".
  [[nodiscard]] std::string HashedName() const;

  [[nodiscard]] X509* x509() const { return certificate_.get(); }
  [[nodiscard]] EVP_PKEY* private_key() const { return key_.get(); }

 private:
  std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key_;
  std::unique_ptr<X509, void (*)(X509*)> certificate_;
};

inline CertificateOptions AuthorityOptions(const std::string& name) {
  return {.common_name = name, .names = "", .usage = "", .constraints = "critical,CA:TRUE"};
}

// A folder of files that goes with the test.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  // All of the file changes at once. Its path.
  std::string Write(const std::string& name, const std::string& content) const;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace drl::test
