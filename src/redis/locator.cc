#include "redis/locator.h"

#include <utility>

#include "redis/dial.h"

namespace drl::redis {
namespace {

class FixedLocator final : public Locator {
 public:
  explicit FixedLocator(Addresses addresses) : addresses_(std::move(addresses)) {}
  base::Status Begin() override { return {}; }
  [[nodiscard]] bool done() const override { return true; }
  base::Result<Addresses> Take() override { return Addresses(addresses_); }

 private:
  const Addresses addresses_;
};

class DnsLocator final : public Locator {
 public:
  DnsLocator(const Endpoint& endpoint, const base::EventFd& wake) : endpoint_(endpoint), resolver_(wake) {}
  base::Status Begin() override { return resolver_.running() ? base::Status() : resolver_.Start(endpoint_); }
  [[nodiscard]] bool done() const override { return resolver_.done(); }
  base::Result<Addresses> Take() override {
    base::Result<Addresses> found = resolver_.Take();
    return found.ok() ? base::Result<Addresses>(Interleaved(*found)) : found;
  }

 private:
  const Endpoint& endpoint_;
  Resolver resolver_;
};

}  // namespace

std::unique_ptr<Locator> LocatorOf(const Endpoint& endpoint, const base::EventFd& wake) {
  Addresses addresses = NumericAddresses(endpoint);
  if (!addresses.empty()) return std::make_unique<FixedLocator>(std::move(addresses));
  return std::make_unique<DnsLocator>(endpoint, wake);
}

}  // namespace drl::redis
