#include "certificates.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include <atomic>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>

namespace drl::test {
namespace {

// What a test cannot do without.
template <typename T>
T Must(T value) {
  if (!value) std::abort();
  return value;
}

EVP_PKEY* MakeKey(int rsa_bits) {
  const int type = rsa_bits > 0 ? EVP_PKEY_RSA : EVP_PKEY_EC;
  EVP_PKEY_CTX* context = Must(EVP_PKEY_CTX_new_id(type, nullptr));
  EVP_PKEY* key = nullptr;
  Must(EVP_PKEY_keygen_init(context) == 1);
  if (rsa_bits > 0) {
    Must(EVP_PKEY_CTX_set_rsa_keygen_bits(context, rsa_bits) == 1);
  } else {
    Must(EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context, NID_X9_62_prime256v1) == 1);
  }
  Must(EVP_PKEY_keygen(context, &key) == 1);
  EVP_PKEY_CTX_free(context);
  return key;
}

void Extend(X509* certificate, X509* issuer, int nid, const std::string& value) {
  if (value.empty()) return;
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = Must(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

template <typename Write>
std::string Pem(Write write) {
  BIO* bio = Must(BIO_new(BIO_s_mem()));
  Must(write(bio) == 1);
  char* text = nullptr;
  const long length = BIO_get_mem_data(bio, &text);
  std::string pem(text, static_cast<size_t>(length));
  BIO_free(bio);
  return pem;
}

}  // namespace

Identity::Identity(const CertificateOptions& options, const Identity* issuer)
    : key_(MakeKey(options.rsa_bits), EVP_PKEY_free), certificate_(Must(X509_new()), X509_free) {
  static std::atomic<long> serial{std::time(nullptr)};
  X509* certificate = certificate_.get();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate), options.from_s);
  X509_gmtime_adj(X509_getm_notAfter(certificate), options.until_s);
  X509_set_pubkey(certificate, key_.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(options.common_name.c_str()), -1, -1, 0);
  X509* authority = issuer != nullptr ? issuer->x509() : certificate;
  X509_set_issuer_name(certificate, X509_get_subject_name(authority));
  Extend(certificate, authority, NID_basic_constraints, options.constraints);
  Extend(certificate, authority, NID_subject_key_identifier, "hash");
  Extend(certificate, authority, NID_subject_alt_name, options.names);
  Extend(certificate, authority, NID_ext_key_usage, options.usage);
  Must(X509_sign(certificate, issuer != nullptr ? issuer->private_key() : key_.get(), EVP_get_digestbyname(options.digest)) > 0);
}

std::string Identity::certificate() const {
  return Pem([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate_.get()); });
}

std::string Identity::key(std::string password) const {
  const EVP_CIPHER* cipher = password.empty() ? nullptr : EVP_aes_128_cbc();
  return Pem([&](BIO* bio) {
    return PEM_write_bio_PKCS8PrivateKey(bio, key_.get(), cipher, password.data(), static_cast<int>(password.size()), nullptr, nullptr);
  });
}

std::string Identity::Revoke(const std::vector<const Identity*>& revoked) const {
  X509_CRL* list = Must(X509_CRL_new());
  X509_CRL_set_version(list, 1);
  X509_CRL_set_issuer_name(list, X509_get_subject_name(certificate_.get()));
  ASN1_TIME* time = Must(X509_gmtime_adj(nullptr, -3'600));
  X509_CRL_set1_lastUpdate(list, time);
  for (const Identity* one : revoked) {
    X509_REVOKED* entry = Must(X509_REVOKED_new());
    X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(one->x509()));
    X509_REVOKED_set_revocationDate(entry, time);
    X509_CRL_add0_revoked(list, entry);
  }
  X509_gmtime_adj(time, 86'400);
  X509_CRL_set1_nextUpdate(list, time);
  ASN1_TIME_free(time);
  Must(X509_CRL_sign(list, key_.get(), EVP_sha256()) > 0);
  std::string pem = Pem([&](BIO* bio) { return PEM_write_bio_X509_CRL(bio, list); });
  X509_CRL_free(list);
  return pem;
}

std::string Identity::HashedName() const {
  char name[16];
  std::snprintf(name, sizeof name, "%08lx.0", X509_subject_name_hash(certificate_.get()));
  return name;
}

Folder::Folder() {
  char name[] = "/tmp/drl-test-tls-XXXXXX";
  path_ = Must(mkdtemp(name));
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string Folder::Write(const std::string& name, const std::string& content) const {
  const std::string path = path_ + "/" + name;
  std::ofstream(path + ".new") << content;
  std::filesystem::rename(path + ".new", path);
  return path;
}

}  // namespace drl::test
