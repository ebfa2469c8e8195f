// A password that somebody else rotates: it stands in a file (a mounted secret, an agent's token), which is read for each connection
// and again every minute.
//
//     credentials redis://localhost:6379/0 user file
#include <drl/drl.hpp>

#include <chrono>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>

static drl::Credentials ReadFrom(const std::string& user, const std::string& file) {
  drl::Credentials credentials;
  std::ifstream stream(file);
  if (!std::getline(stream, credentials.password)) throw std::runtime_error("cannot read " + file);
  credentials.username = user;
  credentials.expires_in = std::chrono::minutes(1);  // then it is asked for again, in time
  return credentials;
}

int main(int argc, char** argv) try {
  if (argc != 4) throw std::invalid_argument("credentials <redis_url> <user> <file>");
  drl::ClientOptions options;
  options.redis_url = argv[1];
  options.credentials = [user = std::string(argv[2]), file = std::string(argv[3])] { return ReadFrom(user, file); };
  const drl::Client client(options);
  const drl::Limiter limiter(client, drl::PerMinute(5));

  client.WaitReady(std::chrono::seconds(1));
  std::cout << (limiter.Allow("user_123") ? "allowed\n" : "denied\n");
  return 0;
} catch (const drl::Error& error) {
  std::cerr << error.what() << " (" << drl_status_name(error.status()) << ")\n";
  return 1;
} catch (const std::exception& error) {
  std::cerr << error.what() << "\n";
  return 1;
}
