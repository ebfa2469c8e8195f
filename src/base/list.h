// Links through a member of the nodes themselves: a FIFO of one thread, and a stack that any thread adds to and one at a time
// empties at once. Neither allocates.
#pragma once

#include <atomic>
#include <cstdint>

namespace drl::base {

template <typename Node, Node* Node::*kNext>
class ListBy {
 public:
  [[nodiscard]] bool empty() const { return head_ == nullptr; }
  [[nodiscard]] Node* front() const { return head_; }
  [[nodiscard]] int64_t size() const { return size_; }

  void PushBack(Node* node) {
    node->*kNext = nullptr;
    (head_ == nullptr ? head_ : tail_->*kNext) = node;
    tail_ = node;
    ++size_;
  }
  // Behind `before`, which is in the list; null: at the head.
  void InsertAfter(Node* before, Node* node) {
    Node*& link = before == nullptr ? head_ : before->*kNext;
    node->*kNext = link;
    link = node;
    if (node->*kNext == nullptr) tail_ = node;
    ++size_;
  }
  Node* PopFront() {
    Node* node = head_;
    head_ = node->*kNext;
    --size_;
    return node;
  }

 private:
  Node* head_ = nullptr;
  Node* tail_ = nullptr;
  int64_t size_ = 0;
};

template <typename Node, Node* Node::*kNext>
class StackBy {
 public:
  using List = ListBy<Node, kNext>;

  // Adds a chain of nodes linked by kNext from the newest (`first`) to the oldest (`last`). False once closed.
  bool Push(Node* first, Node* last) {
    Node* head = head_.load(std::memory_order_relaxed);
    do {
      if (head == Closed()) return false;
      last->*kNext = head;
    } while (!head_.compare_exchange_weak(head, first, std::memory_order_seq_cst, std::memory_order_relaxed));
    return true;
  }

  [[nodiscard]] bool empty() const { return head_.load(std::memory_order_seq_cst) == nullptr; }

  // Moves everything to `list`, oldest first.
  void TakeAll(List& list) { Unlink(head_.exchange(nullptr, std::memory_order_seq_cst), list); }
  // The same, and no Push will succeed again.
  void Close(List& list) { Unlink(head_.exchange(Closed(), std::memory_order_acquire), list); }

  // Appends a chain, linked as for Push, to `list`, oldest first.
  static void Unlink(Node* newest, List& list) {
    Node* oldest = nullptr;
    while (newest != nullptr) {
      Node* next = newest->*kNext;
      newest->*kNext = oldest;
      oldest = newest;
      newest = next;
    }
    while (oldest != nullptr) {
      Node* next = oldest->*kNext;
      list.PushBack(oldest);
      oldest = next;
    }
  }

 private:
  static Node* Closed() {
    alignas(Node) static char mark;
    return reinterpret_cast<Node*>(&mark);
  }

  alignas(64) std::atomic<Node*> head_{nullptr};
};

}  // namespace drl::base
