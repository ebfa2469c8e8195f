// Which server decides a key. One server decides them all, for now.
#pragma once

#include <memory>
#include <span>
#include <utility>

#include "core/key.h"
#include "nodes/node.h"

namespace drl::nodes {

class Topology {
 public:
  explicit Topology(std::unique_ptr<Node> node) : node_(std::move(node)) {}

  // Any thread.
  [[nodiscard]] Node& NodeOf(const core::Key& /*key*/) const { return *node_; }
  // Of a request whose key is not made yet: making one takes longer than to be refused.
  [[nodiscard]] Node& AnyNode() const { return *node_; }
  [[nodiscard]] std::span<const std::unique_ptr<Node>> nodes() const { return {&node_, 1}; }

 private:
  const std::unique_ptr<Node> node_;
};

}  // namespace drl::nodes
