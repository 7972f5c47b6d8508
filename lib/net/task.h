// Task<T>: a coroutine that is owned by whoever holds the object. It is lazy: it starts when it is awaited or
// spawned in a Scope. Destroying a task that is suspended is the one way to cancel it: its locals are
// destroyed, which disarms timers and readiness, and the tasks that it awaits go with it.
//
// Awaiting runs the child at once and suspends only if the child did not finish, so that a loop over awaits
// that are ready at once does not grow the stack, in any build.
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

namespace postern::net {

template <class T>
class Task;

namespace task_detail {

// What a task tells when it ends and nobody awaits it: the scope that holds it.
struct Finished {
  virtual void finished() noexcept = 0;

 protected:
  ~Finished() = default;
};

struct PromiseBase {
  std::coroutine_handle<> continuation = std::noop_coroutine();
  Finished* owner = nullptr;
  std::exception_ptr exception;

  struct Final {
    bool await_ready() noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) noexcept {
      PromiseBase& promise = self.promise();
      if (promise.owner != nullptr) promise.owner->finished();
      return promise.continuation;
    }
    void await_resume() noexcept {}
  };

  std::suspend_always initial_suspend() noexcept { return {}; }
  Final final_suspend() noexcept { return {}; }
  void unhandled_exception() noexcept { exception = std::current_exception(); }
};

template <class T>
struct Promise : PromiseBase {
  std::optional<T> value;
  Task<T> get_return_object();
  void return_value(T result) { value.emplace(std::move(result)); }
  T take() {
    if (exception) std::rethrow_exception(exception);
    return std::move(*value);
  }
};

template <>
struct Promise<void> : PromiseBase {
  Task<void> get_return_object();
  void return_void() noexcept {}
  void take() {
    if (exception) std::rethrow_exception(exception);
  }
};

}  // namespace task_detail

template <class T = void>
class [[nodiscard]] Task {
 public:
  using promise_type = task_detail::Promise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  Task() = default;
  explicit Task(Handle handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      cancel();
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  ~Task() { cancel(); }

  // Destroys the coroutine wherever it is suspended. Not from inside the task itself.
  void cancel() {
    if (handle_) std::exchange(handle_, nullptr).destroy();
  }
  bool done() const { return !handle_ || handle_.done(); }
  Handle handle() const { return handle_; }

  struct Await {
    Handle child;
    bool await_ready() noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> parent) {
      child.resume();
      if (child.done()) return false;
      child.promise().continuation = parent;
      return true;
    }
    T await_resume() { return child.promise().take(); }
  };
  Await operator co_await() && noexcept { return Await{handle_}; }

 private:
  Handle handle_ = nullptr;
};

namespace task_detail {

template <class T>
Task<T> Promise<T>::get_return_object() {
  return Task<T>(std::coroutine_handle<Promise<T>>::from_promise(*this));
}

inline Task<void> Promise<void>::get_return_object() {
  return Task<void>(std::coroutine_handle<Promise<void>>::from_promise(*this));
}

}  // namespace task_detail

}  // namespace postern::net
