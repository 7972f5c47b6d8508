// A queue of things that hold the link themselves: each stands in one Line at a time, and nothing is allocated.
#pragma once

namespace postern::qmgr {

template <class T>  // with a member `T* next`
class Line {
 public:
  bool empty() const { return first_ == nullptr; }
  void push_back(T& item) {
    item.next = nullptr;
    (last_ != nullptr ? last_->next : first_) = &item;
    last_ = &item;
  }
  void push_front(T& item) {
    item.next = first_;
    first_ = &item;
    if (last_ == nullptr) last_ = &item;
  }
  // Not of an empty one.
  T& pop_front() {
    T& item = *first_;
    first_ = item.next;
    if (first_ == nullptr) last_ = nullptr;
    item.next = nullptr;
    return item;
  }

 private:
  T* first_ = nullptr;
  T* last_ = nullptr;
};

}  // namespace postern::qmgr
