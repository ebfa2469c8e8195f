#include "redis/socket_connector.h"

#include <algorithm>
#include <utility>

namespace drl::redis {

using base::Micros;
using base::Result;
using base::Status;

void SocketConnector::Begin(Micros /*now*/) {
  dial_.Stop();
  located_ = false;
}

Result<std::unique_ptr<Transport>> SocketConnector::Advance(Micros now) {
  if (!located_) {
    Status status = DialAll(now);
    if (!status.ok()) return status;
    if (!located_) return std::unique_ptr<Transport>();
  }
  Result<std::unique_ptr<Socket>> first = dial_.Advance(now);
  if (!first.ok()) return first.status();
  return std::unique_ptr<Transport>(std::move(*first));
}

Status SocketConnector::DialAll(Micros now) {
  Status status = locator_->Begin();
  if (!status.ok() || !locator_->done()) return status;
  Result<Addresses> found = locator_->Take();
  if (!found.ok()) return found.status();
  if (!found->empty()) {
    const auto shift = static_cast<Addresses::difference_type>(first_address_ % found->size());
    std::rotate(found->begin(), found->begin() + shift, found->end());
  }
  dial_.Begin(std::move(*found), name_, patience_, silence_max_, now);
  located_ = true;
  return {};
}

}  // namespace drl::redis
