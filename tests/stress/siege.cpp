// SPDX-License-Identifier: BSL-1.0
#include "siege.hpp"

#include "../net/wires.hpp"
#include "storm.hpp"

#include <tenon/http/server.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dirent.h>
#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

// A server under siege: half-open connections, heads without end, bodies beyond the bound and very large ones, clients
// that never read, resets in every phase. Memory is bounded, others are served, everything comes back in the end.
// TENON_STRESS=full: 10,000 half-open connections and 1 GB of body, under the sanitizers too.

namespace {

using namespace tenon_test;
namespace http = tenon::http;

constexpr long mebibyte = 1024 * 1024;

siege::plan numbers() {
  if (!is_full()) return {};
  return {.half_open = 10'000,
          .silent = 1000,
          .refused = 300,
          .body_bytes = 1024 * mebibyte,
          .unread = 200,
          .resets = sanitized ? 4000 : 20'000};
}

template <class R>
auto site() {
  using x = http::exchange<typename R::tcp_stream>;
  static const std::string large(1'000'000, 'l');
  return http::application(http::get<"/">([](http::context& c) { return c.text("root"); }),
                           http::get<"/large">([](http::context& c) { return c.text(large); }),
                           http::put<"/echo">([](http::context& c) { return c.text(c.request().body); }),
                           http::put<"/sink">([](x& one) -> task<void> {
                             std::uint64_t bytes = 0;
                             std::array<std::byte, 20'000> room;
                             for (;;) {
                               const auto n = co_await one.read_some(room);
                               if (!n) co_return;
                               if (*n == 0) break;
                               bytes += *n;
                             }
                             const std::string text = std::to_string(bytes);
                             (void)co_await one.reply({.body = text});
                           }),
                           http::get<"/endless">([](x& one) -> task<void> {
                             (void)one.begin({});
                             const std::string piece(10'000, 'e');
                             for (;;) {
                               const auto sent = co_await one.write(piece);
                               if (!sent) co_return;
                             }
                           }));
}

/// How many of the descriptors are sockets.
long open_sockets() {
  DIR* const folder = ::opendir("/proc/self/fd");
  long count = 0;
  while (const dirent* const each = ::readdir(folder)) {
    char what[8] = {};
    if (::readlinkat(::dirfd(folder), each->d_name, what, sizeof what - 1) > 0)
      count += std::string_view(what) == "socket:";
  }
  ::closedir(folder);
  return count;
}

/// What the besieged saw of themselves.
struct chronicle {
  long resident_before = 0;
  long resident_half_open = 0;
  long resident_at_most = 0;
  long half_open = 0;
  bool unread_were_given_up = false;
  std::vector<double> took;  // the guest's answers, in order of their length
  long unserved = 0;
  tenon::report at_the_end;
};

template <class R, class Server>
task<void> open_door(Server& of, typename R::tcp_listener door) {
  const auto served = co_await of.serve(std::move(door));
  EXPECT_TRUE(served) << served.error().message();
}

template <class R>
task<void> stand(R& rt, siege::camp* around, chronicle* to) {
  chronicle& seen = *to;
  const http::patience patient{.idle = 120s, .head = is_full() ? 3s : 200ms, .answer = 300ms, .close = 10s};
  http::server wide(rt, site<R>(), {.patience = patient});
  http::server hasty(rt, site<R>(), {.patience = {.idle = 150ms}});
  auto first = R::tcp_listener::bind(rt, {"127.0.0.1", 0}).value();
  auto second = R::tcp_listener::bind(rt, {"127.0.0.1", 0}).value();
  const std::uint32_t both = first.local_endpoint().port() | std::uint32_t{second.local_endpoint().port()} << 16U;
  tenon::scope<R> doors{rt};
  doors.spawn(open_door<R, decltype(wide)>, std::ref(wide), std::move(first));
  doors.spawn(open_door<R, decltype(hasty)>, std::ref(hasty), std::move(second));
  siege::findings& found = around->found();
  const long sockets = open_sockets() + 2;  // the guest's
  seen.resident_before = resident_bytes();
  siege::guest polite(static_cast<std::uint16_t>(both));
  found.ports.store(both);
  while (!around->has_left()) {
    co_await tenon::sleep_for(5ms);
    const long resident = resident_bytes();
    seen.resident_at_most = std::max(seen.resident_at_most, resident);
    if (found.told_408.load() == 0) seen.resident_half_open = seen.resident_at_most;
    if (found.all_are_open.exchange(false)) {
      do {
        co_await tenon::sleep_for(1ms);
        seen.half_open = open_sockets() - sockets;
      } while (seen.half_open < numbers().half_open);
      found.may_go_on.store(true);
    }
    if (found.nobody_reads.exchange(false)) {
      for (int i = 0; i < 4000 && !seen.unread_were_given_up; ++i) {
        co_await tenon::sleep_for(5ms);
        seen.unread_were_given_up = open_sockets() <= sockets;
      }
      found.may_go_on.store(true);
    }
  }
  polite.bid_farewell();
  while (!polite.has_left()) co_await tenon::sleep_for(1ms);
  seen.took = polite.took();
  seen.unserved = polite.unserved();
  doors.cancel();
  co_await doors.join();
  seen.at_the_end = rt.report();
}

/// Whether the process may have that many descriptors.
bool may_have(rlim_t descriptors) {
  rlimit now{};
  ::getrlimit(RLIMIT_NOFILE, &now);
  if (now.rlim_cur >= descriptors) return true;
  now.rlim_cur = now.rlim_max >= descriptors ? now.rlim_max : descriptors;
  now.rlim_max = std::max(now.rlim_max, now.rlim_cur);
  return ::setrlimit(RLIMIT_NOFILE, &now) == 0;
}

template <class Backend>
void besiege() {
  using R = wired<Backend, tenon::stealing<>>;
  const siege::plan plan = numbers();
  if (!may_have(static_cast<rlim_t>(plan.half_open) + 1000)) GTEST_SKIP() << "too few descriptors are allowed";
  chronicle seen;
  const stopwatch time;
  const int descriptors = open_descriptors();
  siege::camp around(plan);
  const siege::findings& found = around.found();
  {
    const watchdog nobody_stands_still("a siege", found.progress, 120s);
    run_wired<R>(2, &stand<R>, &around, &seen);  // the frames it borrowed came back, and the descriptors
  }
  EXPECT_TRUE(around.has_left_well());
  EXPECT_EQ(found.wrong.load(), 0) << found.first_wrong;
  EXPECT_EQ(found.told_408.load(), plan.half_open);
  EXPECT_GT(found.dripped.load(), 0);
  EXPECT_EQ(found.closed_in_silence.load(), plan.silent);
  EXPECT_EQ(found.refusals.load(), 7 * plan.refused);
  EXPECT_EQ(found.cut_off.load(), plan.refused);
  EXPECT_TRUE(seen.unread_were_given_up) << "who never reads holds a descriptor after 20 s";
  EXPECT_EQ(open_descriptors(), descriptors);
  EXPECT_EQ(seen.unserved, 0) << "of " << seen.took.size() << " polite requests";
  ASSERT_FALSE(seen.took.empty());
  EXPECT_LT(seen.took.back(), sanitized ? 20 : 5) << "seconds that a polite request took";
  const auto connections = static_cast<std::uint64_t>(found.progress.load());
  EXPECT_GE(seen.at_the_end.all.tasks_spawned, connections / 2);
  ::malloc_trim(0);
  const long half_open = seen.resident_half_open - seen.resident_before;
  const long at_most = seen.resident_at_most - seen.resident_before;
  const long in_the_end = resident_bytes() - seen.resident_before;
  if (!sanitized) {  // those keep what was freed
    EXPECT_LT(half_open, plan.half_open * 12288 + 16 * mebibyte);
    EXPECT_LT(at_most, plan.half_open * 16384 + 64 * mebibyte);
    EXPECT_LT(in_the_end, 16 * mebibyte);
  }
  std::printf(
      "figure: %s besieged: %ld half-open at once, %.1f MB, at most %.1f, %.1f in the end; %ld bytes dripped; "
      "%zu polite answers within %.1f ms, 99 %% within %.1f; %.1f s\n",
      sentence_of<R>().c_str(), seen.half_open, static_cast<double>(half_open) / 1e6,
      static_cast<double>(at_most) / 1e6, static_cast<double>(in_the_end) / 1e6, found.dripped.load(), seen.took.size(),
      seen.took.back() * 1e3, seen.took[seen.took.size() * 99 / 100] * 1e3, time.seconds());
}

TEST(siege, is_withstood_on_epoll) { besiege<tenon::epoll>(); }
#if defined(TENON_WITH_IO_URING) && TENON_WITH_IO_URING
TEST(siege, is_withstood_on_io_uring) { besiege<tenon::io_uring<>>(); }
#endif

}  // namespace
