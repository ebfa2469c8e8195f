#include "redis/tls_context.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <climits>
#include <new>
#include <string>

#include "redis/pem_file.h"
#include "redis/tls_errors.h"

namespace drl::redis {
namespace {

using base::Result;
using base::Status;

template <auto kFree>
struct Freed {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
void FreeInfos(STACK_OF(X509_INFO) * infos) { sk_X509_INFO_pop_free(infos, X509_INFO_free); }

using Bio = std::unique_ptr<BIO, Freed<BIO_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Infos = std::unique_ptr<STACK_OF(X509_INFO), Freed<FreeInfos>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;

Status Wrong(std::string_view option, const std::string& what) {
  QuietErrors::ThrowIfMemoryRanOut();
  return {DRL_ERR_OPTION, std::string(option) + " " + what};
}

Bio Reading(std::string_view content) {
  Bio bio(BIO_new_mem_buf(content.data(), static_cast<int>(content.size())));
  if (bio == nullptr) throw std::bad_alloc();
  return bio;
}

// In place of OpenSSL's own, which asks on the terminal.
int KnowNoPassword(char* /*password*/, int /*size*/, int /*writing*/, void* asked) {
  if (asked != nullptr) *static_cast<bool*>(asked) = true;
  return -1;
}

Status TrustFile(ssl_ctx_st* context, const std::string& path) {
  constexpr std::string_view kOption = "ssl_ca_certs";
  const Result<std::string> content = ReadPemFile(path, kOption);
  if (!content.ok()) return content.status();
  const Infos infos(PEM_X509_INFO_read_bio(Reading(*content).get(), nullptr, KnowNoPassword, nullptr));
  if (infos == nullptr) return Wrong(kOption, "cannot be understood: " + QuietErrors::Reason());
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  bool any = false;
  bool revocations = false;
  for (int i = 0; i < sk_X509_INFO_num(infos.get()); ++i) {
    const X509_INFO* info = sk_X509_INFO_value(infos.get(), i);
    if (info->x509 != nullptr && X509_STORE_add_cert(store, info->x509) != 1) throw std::bad_alloc();
    if (info->crl != nullptr && X509_STORE_add_crl(store, info->crl) != 1) throw std::bad_alloc();
    any = any || info->x509 != nullptr;
    revocations = revocations || info->crl != nullptr;
  }
  if (!any) return Wrong(kOption, "holds no certificate");
  if (revocations) X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_CRL_CHECK);
  return {};
}

// Its files are read when they are needed.
Status TrustDirectory(ssl_ctx_st* context, const std::string& path) {
  if (!HoldsHashed(path, Hashed::kCertificate)) {
    return Wrong("ssl_ca_certs", "is a directory without a certificate under its hash (openssl rehash)");
  }
  if (SSL_CTX_load_verify_locations(context, nullptr, path.c_str()) != 1) throw std::bad_alloc();
  if (HoldsHashed(path, Hashed::kRevocationList)) {
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_CRL_CHECK);
  }
  return {};
}

// Where OpenSSL was built to look, the environment aside, and where other distributions have it: this may run on another than it was
// built on.
Status TrustSystem(ssl_ctx_st* context) {
  const char* directory = X509_get_default_cert_dir();
  if (HoldsHashed(directory, Hashed::kCertificate)) return TrustDirectory(context, directory);
  for (const char* file : {X509_get_default_cert_file(), "/etc/ssl/certs/ca-certificates.crt",
                           "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"}) {
    if (TrustFile(context, file).ok()) return {};
  }
  return Wrong("ssl_ca_certs", "is needed: the system's certificates were not found");
}

Status Trust(ssl_ctx_st* context, const std::string& path) {
  if (path.empty()) return TrustSystem(context);
  return IsDirectory(path) ? TrustDirectory(context, path) : TrustFile(context, path);
}

Status UseCertificates(ssl_ctx_st* context, const std::string& content) {
  constexpr std::string_view kOption = "ssl_certfile";
  const Bio bio = Reading(content);
  const Certificate own(PEM_read_bio_X509_AUX(bio.get(), nullptr, KnowNoPassword, nullptr));
  if (own == nullptr) return Wrong(kOption, "holds no certificate");
  if (SSL_CTX_use_certificate(context, own.get()) != 1) return Wrong(kOption, "cannot be used: " + QuietErrors::Reason());
  while (Certificate issuer{PEM_read_bio_X509(bio.get(), nullptr, KnowNoPassword, nullptr)}) {
    if (SSL_CTX_add0_chain_cert(context, issuer.get()) != 1) return Wrong(kOption, "cannot be used: " + QuietErrors::Reason());
    [[maybe_unused]] X509* kept = issuer.release();
  }
  return {};
}

Status UseKey(ssl_ctx_st* context, const std::string& content, std::string_view option) {
  ERR_clear_error();  // of the end of the certificates
  bool asked = false;
  const Key key(PEM_read_bio_PrivateKey(Reading(content).get(), nullptr, KnowNoPassword, &asked));
  if (asked) return Wrong(option, "holds a key that is encrypted with a password");
  if (key == nullptr) return Wrong(option, "holds no private key");
  const bool fits = SSL_CTX_use_PrivateKey(context, key.get()) == 1 && SSL_CTX_check_private_key(context) == 1;
  return fits ? Status() : Wrong(option, "holds a key that is not the one of ssl_certfile");
}

Status Identify(ssl_ctx_st* context, const Tls& tls) {
  if (tls.certfile.empty()) return {};
  Result<std::string> content = ReadPemFile(tls.certfile, "ssl_certfile");
  if (!content.ok()) return content.status();
  Status status = UseCertificates(context, *content);
  std::string_view option = "ssl_certfile";
  if (status.ok() && !tls.keyfile.empty()) {
    OPENSSL_cleanse(content->data(), content->size());
    option = "ssl_keyfile";
    content = ReadPemFile(tls.keyfile, option);
    if (!content.ok()) return content.status();
  }
  if (status.ok()) status = UseKey(context, *content, option);
  OPENSSL_cleanse(content->data(), content->size());
  return status;
}

// What the machine's OpenSSL is set up to refuse stays refused.
void Harden(ssl_ctx_st* context) {
  if (SSL_CTX_get_min_proto_version(context) < TLS1_2_VERSION) SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  if (SSL_CTX_get_security_level(context) < 2) SSL_CTX_set_security_level(context, 2);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_default_passwd_cb(context, KnowNoPassword);
}

// Where a sentence speaks of an option that the sentinels have of their own.
Status OfSentinels(const Status& status, const Sentinels& sentinels) {
  const bool of_trust = status.message().starts_with("ssl_ca_certs");
  const bool theirs = of_trust ? !sentinels.ca_certs.empty() : !sentinels.certfile.empty();
  return theirs ? Status(status.code(), "sentinel_" + status.message()) : status;
}

}  // namespace

void TlsContextDeleter::operator()(ssl_ctx_st* context) const { SSL_CTX_free(context); }

// A process may end while an I/O thread is inside OpenSSL: nothing is taken from under it at exit. This counts only before anything else
// is asked of OpenSSL.
Result<TlsContext> MakeTlsContext(const Tls& tls) {
  OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, nullptr);
  const QuietErrors errors;
  TlsContext context(SSL_CTX_new(TLS_client_method()));
  if (context == nullptr) return Status(DRL_ERR_OPTION, "redis_url: OpenSSL cannot be used: " + QuietErrors::Reason());
  Harden(context.get());
  if (tls.verify) {
    Status status = Trust(context.get(), tls.ca_certs);
    if (!status.ok()) return status;
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  }
  Status status = Identify(context.get(), tls);
  if (!status.ok()) return status;
  return context;
}

Status CheckTlsFiles(const Endpoint& endpoint) {
  if (endpoint.tls.on) {
    const Result<TlsContext> context = MakeTlsContext(endpoint.tls);
    if (!context.ok()) return context.status();
  }
  const Tls theirs = endpoint.SentinelTls();
  if (endpoint.sentinels.hosts.empty() || !theirs.on) return {};
  const Result<TlsContext> context = MakeTlsContext(theirs);
  return context.ok() ? Status() : OfSentinels(context.status(), endpoint.sentinels);
}

std::string TlsWarning(const Endpoint& endpoint) {
  if (!endpoint.tls.on && (endpoint.sentinels.hosts.empty() || !endpoint.SentinelTls().on)) return {};
  const std::string whose = "the certificate of " + endpoint.Name();
  if (!endpoint.tls.verify) return whose + " is not verified (ssl_cert_reqs=none): anybody may pose as it";
  if (endpoint.tls.check_hostname) return {};
  return whose + " need not name it (ssl_check_hostname=false): whoever has one may pose as it";
}

}  // namespace drl::redis
