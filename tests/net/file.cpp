// SPDX-License-Identifier: BSL-1.0
#include <tenon/net/file.hpp>

#include "wires.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace {

using namespace tenon_test;
using tenon::open_mode;
using tenon::result;

template <class R>
class files : public testing::Test {};
TYPED_TEST_SUITE(files, all_wired);

constexpr open_mode anew = open_mode::read | open_mode::write | open_mode::create | open_mode::truncate;

constexpr std::uint64_t block = 4096;

/// A path that nobody else has, removed when it goes.
class place {
 public:
  place() {
    char name[] = "/tmp/tenon-XXXXXX";
    const tenon::unique_fd made(::mkstemp(name));
    path_ = name;
  }
  place(const place&) = delete;
  place& operator=(const place&) = delete;
  ~place() { ::unlink(path_.c_str()); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::span<const std::byte> bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

TYPED_TEST(files, hold_what_was_written_where_it_was_written) {
  using R = typename TypeParam::runtime;
  const place here;
  run_wired<TypeParam>(
      2,
      [](R& rt, std::string path) -> task<void> {
        auto file = co_await R::file::open(rt, path, anew);
        EXPECT_TRUE(file) << file.error().message();
        const auto first = co_await file->write_all_at(0, bytes("0123456789"));
        EXPECT_EQ(first.value(), 10U);
        const auto second = co_await file->write_all_at(4, bytes("ab"));
        EXPECT_EQ(second.value(), 2U);
        const auto beyond = co_await file->write_all_at(20, bytes("z"));
        EXPECT_EQ(beyond.value(), 1U);
        EXPECT_EQ(file->size().value(), 21U);
        std::array<char, 64> room{};
        const auto all = co_await file->read_at(0, std::as_writable_bytes(std::span(room)), rt.now() + 5s);
        EXPECT_EQ(all.value(), 21U);
        EXPECT_EQ(std::string_view(room.data(), 21), std::string_view("0123ab6789\0\0\0\0\0\0\0\0\0\0z", 21));
        const auto some = co_await file->read_some_at(4, std::as_writable_bytes(std::span(room).first(2)));
        EXPECT_EQ(some.value(), 2U);
        EXPECT_EQ(std::string_view(room.data(), 2), "ab");
        const auto end = co_await file->read_at(21, std::as_writable_bytes(std::span(room)));
        EXPECT_EQ(end.value(), 0U);
        const auto far = co_await file->read_some_at(1 << 30, std::as_writable_bytes(std::span(room)));
        EXPECT_EQ(far.value(), 0U) << "beyond the end";
        const auto never =
            co_await file->read_at(std::numeric_limits<std::uint64_t>::max(), std::as_writable_bytes(std::span(room)));
        EXPECT_EQ(never.error(), std::errc::invalid_argument);
        const auto synced = co_await file->fsync();
        EXPECT_TRUE(synced);
        const auto data = co_await file->fdatasync(rt.now() + 1h);
        EXPECT_TRUE(data);
        const auto closed = co_await file->close();
        EXPECT_TRUE(closed);
        const auto after = co_await file->read_at(0, std::as_writable_bytes(std::span(room)));
        EXPECT_EQ(after.error(), std::errc::bad_file_descriptor);
        const auto twice = co_await file->close();
        EXPECT_EQ(twice.error(), std::errc::bad_file_descriptor);
      },
      here.path());
}

TYPED_TEST(files, open_or_say_why_not) {
  using R = typename TypeParam::runtime;
  const place here;
  run_wired<TypeParam>(
      1,
      [](R& rt, std::string path) -> task<void> {
        const auto none = co_await R::file::open(rt, "/nowhere/at/all");
        EXPECT_EQ(none.error(), std::errc::no_such_file_or_directory);
        const auto there = co_await R::file::open(rt, path, anew | open_mode::no_replace);
        EXPECT_EQ(there.error(), std::errc::file_exists);
        const auto folder = co_await R::file::open(rt, "/tmp", open_mode::write);
        EXPECT_EQ(folder.error(), std::errc::is_a_directory);
        auto reader = co_await R::file::open(rt, path);
        const auto refused = co_await reader->write_all_at(0, bytes("x"));
        EXPECT_EQ(refused.error(), std::errc::bad_file_descriptor);
        auto log = co_await R::file::open(rt, path, open_mode::write | open_mode::append | open_mode::write_through);
        (void)co_await log->write_all_at(0, bytes("one"));
        (void)co_await log->write_all_at(0, bytes("two"));
        std::array<char, 16> room{};
        const auto got = co_await reader->read_at(0, std::as_writable_bytes(std::span(room)));
        EXPECT_EQ(std::string_view(room.data(), got.value()), "onetwo");
        EXPECT_NE(::fcntl(log->native_handle(), F_GETFD) & FD_CLOEXEC, 0);
      },
      here.path());
}

TYPED_TEST(files, say_when_the_device_is_full) {
  using R = typename TypeParam::runtime;
  const place here;
  const auto before_action = std::signal(SIGXFSZ, SIG_IGN);
  run_wired<TypeParam>(
      1,
      [](R& rt, std::string path) -> task<void> {
        auto full = co_await R::file::open(rt, "/dev/full", open_mode::write);
        const auto none = co_await full->write_all_at(0, bytes("x"));
        EXPECT_EQ(none.error(), std::errc::no_space_on_device);
        auto file = co_await R::file::open(rt, path, anew);
        rlimit before{};
        ::getrlimit(RLIMIT_FSIZE, &before);
        const rlimit little{1000, before.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &little);
        const std::vector<std::byte> much(3000);
        const auto cut = co_await file->write_all_at(0, much);
        ::setrlimit(RLIMIT_FSIZE, &before);
        EXPECT_EQ(cut.error(), std::errc::file_too_large);
        EXPECT_LE(file->size().value(), 1000U);
      },
      here.path());
  std::signal(SIGXFSZ, before_action);
}

TYPED_TEST(files, are_used_by_many_tasks_at_once) {
  using R = typename TypeParam::runtime;
  const place here;
  run_wired<TypeParam>(
      3,
      [](R& rt, std::string path) -> task<void> {
        auto file = co_await R::file::open(rt, path, anew);
        tenon::scope all{rt};
        for (std::uint64_t i = 0; i < 32; ++i) {
          all.spawn(
              [](typename R::file& to, std::uint64_t number) -> task<void> {
                const std::vector<std::byte> out(block, static_cast<std::byte>(number));
                const auto sent = co_await to.write_all_at(number * block, out);
                EXPECT_EQ(sent.value(), block);
                std::vector<std::byte> in(block);
                const auto got = co_await to.read_at(number * block, in);
                EXPECT_EQ(got.value(), block);
                EXPECT_TRUE(in == out);
              },
              std::ref(*file), i);
        }
        co_await all.join();
        EXPECT_EQ(file->size().value(), 32 * block);
        // And a large one in one go.
        std::vector<std::byte> much((9 << 20) + 5);
        for (std::size_t i = 0; i < much.size(); ++i) much[i] = static_cast<std::byte>(i * 7 >> 5);
        const auto sent = co_await file->write_all_at(3, much);
        EXPECT_EQ(sent.value(), much.size());
        std::vector<std::byte> back(much.size());
        const auto got = co_await file->read_at(3, back);
        EXPECT_EQ(got.value(), back.size());
        EXPECT_TRUE(back == much);
      },
      here.path());
}

TYPED_TEST(files, are_let_go_of_at_any_moment) {
  using R = typename TypeParam::runtime;
  const place here;
  run_wired<TypeParam>(
      2,
      [](R& rt, std::string path) -> task<void> {
        auto file = co_await R::file::open(rt, path, anew);
        const std::vector<std::byte> much(256 << 10, std::byte{1});
        (void)co_await file->write_all_at(0, much);
        const int storms = rounds(30);
        for (int i = 0; i < storms; ++i) {
          std::vector<std::byte> room(much.size());
          tenon::scope one{rt};
          one.spawn(
              [](typename R::file& from, std::span<std::byte> into) -> task<void> {
                for (;;) {
                  const auto got = co_await from.read_at(0, into);
                  if (!got) {
                    EXPECT_EQ(got.error(), std::errc::operation_canceled);
                    co_return;
                  }
                  EXPECT_EQ(*got, into.size());
                  const bool asked = co_await tenon::this_task::stop_requested();
                  if (asked) co_return;
                  co_await tenon::yield();
                }
              },
              std::ref(*file), std::span<std::byte>(room));
          for (int spins = 0; spins < i % 7; ++spins) co_await tenon::yield();
          one.cancel();
          co_await one.join();
          // The kernel and the threads have let go: what is written here now stays.
          std::fill(room.begin(), room.end(), std::byte{2});
          co_await tenon::yield();
          EXPECT_EQ(std::count(room.begin(), room.end(), std::byte{2}), static_cast<std::ptrdiff_t>(room.size()));
        }
        tenon::scope stopped{rt};
        stopped.cancel();
        stopped.spawn(
            [](R& self, typename R::file& it, std::string name) -> task<void> {
              std::array<std::byte, 8> room{};
              if constexpr (R::threading::concurrent || R::backend::proactor) {
                const auto got = co_await it.read_at(0, room);
                EXPECT_TRUE(got || got.error() == std::errc::operation_canceled);
                const auto synced = co_await it.fsync();
                EXPECT_TRUE(synced || synced.error() == std::errc::operation_canceled);
              }
              if constexpr (R::threading::concurrent) {
                const auto file_two = co_await R::file::open(self, name);
                EXPECT_EQ(file_two.error(), std::errc::operation_canceled);
              }
              const auto closed = co_await it.close();
              EXPECT_TRUE(closed) << "and the descriptor goes all the same";
            },
            std::ref(rt), std::ref(*file), path);
        co_await stopped.join();
      },
      here.path());
}

TYPED_TEST(files, of_a_late_task_are_not_waited_for) {
  using R = typename TypeParam::runtime;
  if constexpr (R::threading::concurrent) {
    const place here;
    run_wired<TypeParam>(
        1,
        [](R& rt, std::string path) -> task<void> {
          const auto late = co_await R::file::open(rt, path, open_mode::read, rt.now());
          EXPECT_EQ(late.error(), std::errc::timed_out);
        },
        here.path());
  }
}

TEST(file, modes_join) {
  constexpr open_mode both = open_mode::read | open_mode::write;
  static_assert(has(both, open_mode::read) && has(both, open_mode::write) && !has(both, open_mode::create));
}

}  // namespace
