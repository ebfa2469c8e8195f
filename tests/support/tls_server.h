// A redis-server that speaks TLS, with the authority that vouches for it.
#pragma once

#include <string>

#include "certificates.h"
#include "handles.h"

namespace drl::test {

struct TlsServer {
  explicit TlsServer(bool clients_need_certificates = false)
      : ca_file(folder.Write("ca.crt", authority.certificate())),
        certificate_file(folder.Write("server.crt", identity.certificate())),
        key_file(folder.Write("server.key", identity.key())),
        server(Start(clients_need_certificates)) {}

  [[nodiscard]] std::string Url(const std::string& host, const std::string& parameters) const {
    return "rediss://" + host + ":" + std::to_string(redis_server_tls_port(server.get())) + "?" + parameters;
  }
  // Of a client that believes the authority.
  [[nodiscard]] std::string Url(const std::string& host = "127.0.0.1") const { return Url(host, "ssl_ca_certs=" + ca_file); }

  const Folder folder;
  const Identity authority{AuthorityOptions("The authority")};
  const Identity identity{CertificateOptions{}, &authority};
  const std::string ca_file;
  const std::string certificate_file;
  const std::string key_file;
  const Server server;

 private:
  [[nodiscard]] Server Start(bool clients_need_certificates) const {
    ServerOptions options;
    options.tls_certificate = certificate_file.c_str();
    options.tls_key = key_file.c_str();
    if (clients_need_certificates) options.tls_clients_ca = ca_file.c_str();
    return StartServer(options);
  }
};

}  // namespace drl::test
