// Every message that services send each other, for the tests and the fuzz target that go through all of them.
#pragma once

#include <tuple>

#include "lib/ipc/messages/deliver.h"
#include "lib/ipc/messages/enqueue.h"
#include "lib/ipc/messages/handed_over.h"
#include "lib/ipc/messages/leaving.h"
#include "lib/ipc/messages/notify.h"
#include "lib/ipc/messages/queue.h"
#include "lib/ipc/messages/report.h"
#include "lib/ipc/messages/spool.h"
#include "lib/ipc/messages/submit.h"
#include "lib/ipc/messages/taken.h"

namespace postern::ipc {

using AllMessages =
    std::tuple<Begun, ChangeQueue, Deliver, Delivered, DropSpool, Enqueue, ForgetTaken, HandedOver, IsTaken,
               Leaving, ListQueue, MessageRead, Notify, Offence, OpenSpool, Outcome, QueueChanged, QueuePage,
               ReadMessage, Report, Reported, SpoolOpened, Submit, TakenAnswer, Watched>;

template <class Message>
struct Kind {
  using type = Message;
};

// Calls a function with Kind<Message>() for each.
template <class Function>
void for_each_message(Function function) {
  const auto each = [&]<class... Messages>(const std::tuple<Messages...>*) {
    (function(Kind<Messages>()), ...);
  };
  each(static_cast<const AllMessages*>(nullptr));
}

// Whether all declared fields are the same.
template <class T>
bool same(const T& a, const T& b) {
  if constexpr (codec_detail::Nested<T>) {
    return std::apply([&](const auto&... field) { return (same(a.*field.member, b.*field.member) && ...); },
                      T::fields);
  } else if constexpr (codec_detail::IsVector<T>::value) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (!same(a[i], b[i])) return false;
    }
    return true;
  } else {
    return a == b;
  }
}

}  // namespace postern::ipc
