// SPDX-License-Identifier: BSL-1.0
// What multishot operations and provided buffers make possible to get wrong: what the laws of a backend do not see.
#if __has_include(<liburing.h>) && !defined(TENON_WITHOUT_IO_URING)
#include <tenon/backend/io_uring.hpp>

#include "../laws/backend.hpp"

#include <optional>
#include <utility>

namespace tenon::laws {
namespace {

/// A loop, its sources, and what a test does with them.
template <class Word, class Threading = multi_thread>
struct ring_ground {
  using loop_type = typename Word::template loop<Threading>;
  using source = typename loop_type::source;
  using part = detail::received_part<Threading>;

  ring_ground() {
    EXPECT_TRUE(loop.open());
    loop.wait(nanoseconds{0});  // at home from here on: an attempt makes no call
  }

  void attach(source& s, int fd) {
    s.fd = fd;
    EXPECT_TRUE(loop.attach(s));
  }
  template <class Over>
  void until(Over over) {
    const auto limit = clock::now() + patience;
    while (!over() && clock::now() < limit) loop.wait(milliseconds{20});
    EXPECT_TRUE(over());
  }
  std::int64_t perform(io_kind kind, source& s, void* data = nullptr, std::size_t size = 0) {
    counted op{kind, s, data, size};
    if (loop_type::attempt(op) || loop.start(op)) return op.outcome;
    until([&] { return op.ends != 0; });
    return op.outcome;
  }
  std::string part_of(source& s) {
    part* const taken = loop_type::take_part(s);
    if (taken == nullptr) return {};
    std::string text(reinterpret_cast<const char*>(taken->data), taken->size());
    taken->pool->give_back(*taken);
    return text;
  }

  loop_type loop;
};

TEST(io_uring_armed, a_ring_of_completions_that_overflows_loses_none) {
  ring_ground<io_uring<entries<4>, buffer_ring<256, 64>>> on;  // sixteen completions, and many more at once
  using source = decltype(on)::source;
  constexpr std::size_t many = 100;
  struct station {
    fd_pair pair = stream_pair();
    source s;
    counted op;
  };
  const auto stations = std::make_unique<station[]>(many);
  for (std::size_t i = 0; i < many; ++i) {
    station& each = stations[i];
    on.attach(each.s, each.pair.a.get());
    each.op.kind = io_kind::arrival;
    each.op.source = &each.s;
    ASSERT_FALSE(on.loop.start(each.op));
  }
  on.loop.wait(nanoseconds{0});
  for (int round = 0; round < 3; ++round) {
    for (std::size_t i = 0; i < many; ++i) put(stations[i].pair.b.get(), "abc");
  }
  char room[16];
  for (std::size_t i = 0; i < many; ++i) {
    on.until([&] { return stations[i].op.ends == 1; });
    std::int64_t got = 0;
    while (got < 9) {
      const std::int64_t n = on.perform(io_kind::read, stations[i].s, room, sizeof room);
      ASSERT_GT(n, 0);
      got += n;
    }
    on.loop.detach(stations[i].s);
  }
}

TEST(io_uring_armed, who_finds_no_buffer_is_served_without_and_armed_again_when_one_returns) {
  ring_ground<io_uring<buffer_ring<2, 64>>> on;
  using ground = decltype(on);
  ground::source sources[3];
  fd_pair pairs[3] = {tcp_pair(), tcp_pair(), tcp_pair()};
  for (int i = 0; i < 3; ++i) on.attach(sources[i], pairs[i].a.get());
  counted third{io_kind::arrival, sources[2]};
  ASSERT_FALSE(on.loop.start(third));  // armed while there are buffers
  ground::part* held[2] = {};
  for (int i = 0; i < 2; ++i) {
    put(pairs[i].b.get(), "held");
    ASSERT_EQ(on.perform(io_kind::arrival, sources[i]), 0);
    held[i] = ground::loop_type::take_part(sources[i]);
    ASSERT_NE(held[i], nullptr);
  }
  put(pairs[2].b.get(), "without");
  on.until([&] { return third.ends == 1; });  // ENOBUFS, and then by readiness
  EXPECT_EQ(third.outcome, 0);
  EXPECT_EQ(on.part_of(sources[2]), "");
  char room[16];
  EXPECT_EQ(on.perform(io_kind::read, sources[2], room, sizeof room), 7);
  std::thread([&] { held[0]->pool->give_back(*held[0]); }).join();  // from a thread that is not the loop's
  on.loop.wait(nanoseconds{0});
  put(pairs[2].b.get(), "with");
  EXPECT_EQ(on.perform(io_kind::arrival, sources[2]), 0);
  EXPECT_EQ(on.part_of(sources[2]), "with");
  held[1]->pool->give_back(*held[1]);
  for (auto& s : sources) on.loop.detach(s);
}

TEST(io_uring_armed, one_that_nobody_reads_does_not_take_all_the_buffers) {
  ring_ground<io_uring<buffer_ring<32, 64>>> on;
  decltype(on)::source greedy;
  decltype(on)::source modest;
  const fd_pair flood = tcp_pair();
  const fd_pair drops = tcp_pair();
  on.attach(greedy, flood.a.get());
  on.attach(modest, drops.a.get());
  ASSERT_EQ(on.perform(io_kind::writable, greedy), 0);
  counted asked{io_kind::arrival, greedy};
  ASSERT_FALSE(on.loop.start(asked));
  std::string sent(100'000, ' ');
  for (std::size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<char>('a' + i % 23);
  std::size_t at = 0;
  const auto send_more = [&] {
    const ssize_t n = ::send(flood.b.get(), sent.data() + at, std::min<std::size_t>(sent.size() - at, 500), 0);
    if (n > 0) at += static_cast<std::size_t>(n);
  };
  for (int i = 0; i < 50; ++i) {
    send_more();
    on.loop.wait(nanoseconds{0});
  }
  EXPECT_EQ(asked.ends, 1);
  EXPECT_LE(greedy.line.waiting(), 32U);
  for (int i = 0; i < 5; ++i) {
    put(drops.b.get(), "drop");
    EXPECT_EQ(on.perform(io_kind::arrival, modest), 0);
    EXPECT_EQ(on.part_of(modest), "drop");
  }
  std::string got;
  std::array<char, 300> room{};
  while (got.size() < sent.size()) {
    send_more();
    const std::int64_t n = on.perform(io_kind::read, greedy, room.data(), room.size());
    ASSERT_GT(n, 0);
    got.append(room.data(), static_cast<std::size_t>(n));
  }
  EXPECT_EQ(got, sent);
  on.loop.detach(greedy);
  on.loop.detach(modest);
}

TEST(io_uring_armed, sockets_that_were_accepted_and_not_asked_for_are_closed_with_the_door) {
  const int before = open_descriptors();
  {
    ring_ground<io_uring<>> on;
    decltype(on)::source s;
    const door entry;
    on.attach(s, entry.fd.get());
    std::vector<unique_fd> callers;
    for (int i = 0; i < 10; ++i) callers.push_back(entry.knock());
    const unique_fd one{static_cast<int>(on.perform(io_kind::accept, s))};
    EXPECT_GE(one.get(), 0);
    on.until([&] { return s.line.waiting() == 9; });
    counted next{io_kind::accept, s};
    EXPECT_TRUE(on.loop.start(next));  // there already
    const unique_fd two{static_cast<int>(next.outcome)};
    on.loop.detach(s);
    char byte = 0;
    int gone = 0;
    for (const unique_fd& each : callers) {
      ::shutdown(each.get(), SHUT_WR);
      gone += ::recv(each.get(), &byte, 1, MSG_DONTWAIT) == 0 ? 1 : 0;
    }
    EXPECT_EQ(gone, 8);
  }
  EXPECT_EQ(open_descriptors(), before);
}

TEST(io_uring_armed, a_door_that_nobody_asks_at_stops_accepting_and_loses_none) {
  ring_ground<io_uring<>> on;
  decltype(on)::source s;
  const door entry{200};
  on.attach(s, entry.fd.get());
  counted first{io_kind::accept, s};
  ASSERT_FALSE(on.loop.start(first));
  std::vector<unique_fd> callers;
  for (int i = 0; i < 120; ++i) {
    callers.push_back(entry.knock());
    on.loop.wait(nanoseconds{0});
  }
  on.until([&] { return first.ends == 1; });
  const unique_fd one{static_cast<int>(first.outcome)};
  EXPECT_LE(s.line.waiting(), 40U);
  for (int i = 1; i < 120; ++i) {
    const unique_fd each{static_cast<int>(on.perform(io_kind::accept, s))};
    ASSERT_GE(each.get(), 0);
  }
  on.loop.detach(s);
}

TEST(io_uring_armed, a_loop_ends_with_something_of_each_kind_in_flight) {
  const int before = open_descriptors();
  for (int i = 0; i < 10; ++i) {
    const door entry;
    const fd_pair armed = tcp_pair();
    const fd_pair plain = tcp_pair();
    const fd_pair bulk = tcp_pair();
    const std::vector<char> bytes(1 << 22, 'z');
    std::array<char, 8> room{};
    ring_ground<io_uring<send_zero_copy<1024>, registered_files<8>>> on;
    using source = decltype(on)::source;
    source sources[4];
    on.attach(sources[0], entry.fd.get());
    on.attach(sources[1], armed.a.get());
    on.attach(sources[2], plain.a.get());
    on.attach(sources[3], bulk.a.get());
    counted ops[] = {{io_kind::accept, sources[0]},
                     {io_kind::arrival, sources[1]},
                     {io_kind::read, sources[2], room.data(), room.size()},
                     {io_kind::write, sources[3], const_cast<char*>(bytes.data()), bytes.size()},
                     {io_kind::readable, sources[3]}};
    for (counted& each : ops) ASSERT_FALSE(on.loop.start(each));
    for (int turns = i % 3; turns > 0; --turns) on.loop.wait(nanoseconds{0});
    if (i % 2 == 0) put(armed.b.get(), "unread");
    const unique_fd late = entry.knock();
    for (counted& each : ops) {
      if (each.ends == 0) on.loop.cancel(each);
    }
    // A send from where the bytes lie ends when the peer has taken what was sent: it reads.
    std::vector<char> sink(1 << 20);
    on.until([&] {
      while (::read(bulk.b.get(), sink.data(), sink.size()) > 0) {
      }
      return std::all_of(std::begin(ops), std::end(ops), [](const counted& each) { return each.ends == 1; });
    });
    if (ops[0].outcome >= 0) ::close(static_cast<int>(ops[0].outcome));
    for (source& s : sources) on.loop.detach(s);
  }
  EXPECT_EQ(open_descriptors(), before);
}

TEST(io_uring_armed, a_thread_is_not_taken_for_the_one_of_a_loop_that_lies_where_its_own_lay) {
  using loop_type = io_uring<>::loop<multi_thread>;
  std::optional<loop_type> loop(std::in_place);
  ASSERT_TRUE(loop->open());
  loop->wait(nanoseconds{0});
  loop.reset();
  loop.emplace();
  ASSERT_TRUE(loop->open());
  const fd_pair pair = stream_pair();
  loop_type::source s;
  s.fd = pair.a.get();
  std::thread([&] {
    loop->wait(nanoseconds{0});
    EXPECT_TRUE(loop->attach(s));
  }).join();
  put(pair.b.get(), "abc");
  char room[8];
  counted op{io_kind::read, s, room, sizeof room};
  EXPECT_TRUE(loop_type::attempt(op));  // elsewhere than at home the call is made
  EXPECT_EQ(op.outcome, 3);
  loop->detach(s);
}

TEST(io_uring_armed, what_outlives_the_thread_of_the_loop_is_let_go_of) {
  using loop_type = io_uring<registered_files<8>>::loop<multi_thread>;
  struct station {
    fd_pair pair = stream_pair();
    loop_type::source s;
    counted op{io_kind::arrival, s};
  };
  for (const bool puts_off : {true, false}) {
    loop_type loop;
    ASSERT_TRUE(loop.open(puts_off));
    std::vector<std::unique_ptr<station>> stations;
    for (int i = 0; i < 5; ++i) stations.push_back(std::make_unique<station>());
    std::thread([&] {
      for (auto& each : stations) {
        each->s.fd = each->pair.a.get();
        EXPECT_TRUE(loop.attach(each->s));
        EXPECT_FALSE(loop.start(each->op));
      }
      loop.wait(nanoseconds{0});
      for (auto& each : stations) loop.cancel(each->op);  // the streams stay armed
      loop.wait(nanoseconds{0});
    }).join();
    for (auto& each : stations) {
      EXPECT_EQ(each->op.ends, 1);
      put(each->pair.b.get(), "late");
      loop.detach(each->s);
      each->pair.a.reset();
      pollfd ended{each->pair.b.get(), POLLRDHUP, 0};
      EXPECT_EQ(::poll(&ended, 1, static_cast<int>(patience.count())), 1) << "the peer hears of no end";
      each.reset();
    }
  }
}

TEST(io_uring_armed, what_stands_in_the_table_outlives_the_thread_of_the_loop_no_more) {
  for (const bool puts_off : {true, false}) {
    io_uring<registered_files<8>>::loop<multi_thread> loop;
    ASSERT_TRUE(loop.open(puts_off));
    fd_pair pairs[3] = {stream_pair(), stream_pair(), stream_pair()};
    decltype(loop)::source sources[3];
    std::thread([&] {
      for (int i = 0; i < 3; ++i) {
        sources[i].fd = pairs[i].a.get();
        EXPECT_TRUE(loop.attach(sources[i]));  // and nobody waits for it
      }
      loop.wait(nanoseconds{0});
    }).join();
    for (int i = 0; i < 3; ++i) {
      loop.detach(sources[i]);
      pairs[i].a.reset();
      pollfd ended{pairs[i].b.get(), POLLRDHUP, 0};
      EXPECT_EQ(::poll(&ended, 1, static_cast<int>(patience.count())), 1) << "the peer hears of no end";
    }
  }
}

TEST(io_uring_armed, a_send_from_where_the_bytes_lie_ends_once_with_all_it_sent) {
  ring_ground<io_uring<send_zero_copy<100>>> on;
  for (auto make : {tcp_pair, stream_pair}) {  // the second does not have it
    decltype(on)::source s;
    const fd_pair pair = make();
    on.attach(s, pair.a.get());
    std::string bytes(5'000, 'q');
    EXPECT_EQ(on.perform(io_kind::write, s, bytes.data(), bytes.size()), 5'000);
    EXPECT_EQ(on.perform(io_kind::write, s, bytes.data(), 100), 100);
    std::vector<char> sink(10'000);
    std::size_t got = 0;
    for (ssize_t n = 1; n > 0 && got < 5'100;) {
      n = ::read(pair.b.get(), sink.data(), sink.size());
      if (n > 0) got += static_cast<std::size_t>(n);
    }
    EXPECT_EQ(got, 5'100U);
    on.loop.detach(s);
  }
}

}  // namespace
}  // namespace tenon::laws
#endif
