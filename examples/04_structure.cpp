// SPDX-License-Identifier: BSL-1.0
// Tasks side by side: when_all, when_any, timeout, a scope whose first error cancels the rest; in virtual time.
#include <tenon/tenon.hpp>

#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <string>

using namespace std::chrono_literals;

struct lab : tenon::runtime<tenon::none, tenon::fifo, tenon::single_thread, tenon::virtual_clock> {};

tenon::task<std::string> fetch(std::string name, tenon::duration takes) {
  const bool slept = co_await tenon::sleep_for(takes);
  co_return slept ? name : name + " was asked to stop";
}

tenon::task<void> fail_after(tenon::duration takes) {
  co_await tenon::sleep_for(takes);
  throw std::runtime_error("a task failed");
}

tenon::task<void> wait_long(int& stopped) {
  const bool slept = co_await tenon::sleep_for(24h);
  if (!slept) ++stopped;
}

tenon::task<int> demonstrate(lab& rt) {
  const auto start = rt.now();
  auto [page, user] = co_await tenon::when_all(fetch("page", 2s), fetch("user", 3s));
  std::printf("%s and %s after %lld s\n", page.c_str(), user.c_str(), static_cast<long long>((rt.now() - start) / 1s));

  const auto first = co_await tenon::when_any(fetch("slow", 5s), fetch("fast", 1s));
  std::printf("number %zu was first: %s\n", first.index(), std::get<1>(first).c_str());

  const auto late = co_await tenon::timeout(100ms, fetch("late", 1h));
  std::printf("late: %s\n", late ? late->c_str() : late.error().message().c_str());

  int stopped = 0;
  tenon::scope children{rt};
  for (int i = 0; i < 3; ++i) children.spawn(wait_long, std::ref(stopped));
  children.spawn(fail_after, 10s);
  std::string why;
  try {
    co_await children.join();
  } catch (const std::runtime_error& error) {
    why = error.what();
  }
  std::printf("%s; %d others were cancelled\n", why.c_str(), stopped);
  const bool good = page == "page" && user == "user" && first.index() == 1 && !late && stopped == 3 &&
                    rt.now() - start < 1h;  // a day of waiting, and none of it in real time
  co_return good ? 0 : 1;
}

int main() {
  lab rt;
  return rt.run(demonstrate(rt));
}
