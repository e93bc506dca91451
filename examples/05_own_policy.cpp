// SPDX-License-Identifier: BSL-1.0
// A policy of your own: memory that counts what is asked of it. It is a policy because it derives from its family.
#include <tenon/tenon.hpp>

#include <atomic>
#include <cstddef>
#include <cstdio>

struct counting : tenon::family::memory {
  static constexpr auto word = tenon::fixed_string("counting");

  inline static std::atomic<int> taken{0};
  inline static std::atomic<int> given_back{0};

  static void* obtain(std::size_t bytes) {
    ++taken;
    return tenon::system::obtain(bytes);
  }
  static void release(void* chunk, std::size_t bytes) noexcept {
    ++given_back;
    tenon::system::release(chunk, bytes);
  }

  /// One a worker. This one keeps nothing; an arena that keeps blocks for reuse needs no lock.
  class arena {
   public:
    arena() = default;
    arena(const arena&) = delete;
    arena& operator=(const arena&) = delete;
    void* allocate(std::size_t bytes) { return obtain(bytes); }
    void deallocate(void* chunk, std::size_t bytes) noexcept { release(chunk, bytes); }
  };
};
static_assert(tenon::memory_policy<counting>);

struct watched : tenon::runtime<counting, tenon::fifo, tenon::single_thread, tenon::none> {};

tenon::task<int> add(int a, int b) { co_return a + b; }

tenon::task<int> sum() {
  int total = 0;
  for (int i = 0; i < 10; ++i) total = co_await add(total, i);
  co_return total;
}

tenon::task<int> measure() {
  const int before = counting::taken;
  const int total = co_await sum();
  std::printf("the sum is %d and took %d coroutine frames\n", total, counting::taken - before);
  co_return total == 45 && counting::taken - before == 11 ? 0 : 1;
}

int main() {
  watched rt;
  const int code = rt.run(measure());
  std::printf("%d blocks were taken, %d given back\n", counting::taken.load(), counting::given_back.load());
  return code;
}
