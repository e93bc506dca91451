// SPDX-License-Identifier: BSL-1.0
#if __has_include(<liburing.h>) && !defined(TENON_WITHOUT_IO_URING)
#include <tenon/backend/io_uring.hpp>

#include "../laws/backend.hpp"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

namespace tenon::laws {

// The small ring is full, and overflows, in the laws of many descriptors.
using tenon::detail::lacking;
using tenon::detail::ring_feature;
using old_kernel = lacking<ring_feature::multishot_accept, ring_feature::multishot_receive, ring_feature::zero_copy,
                           ring_feature::message, ring_feature::files>;
using io_uring_loops = testing::Types<
    io_uring<>::loop<multi_thread>, io_uring<entries<4>, buffer_ring<4, 64>>::loop<single_thread>,
    io_uring<buffer_ring<1, 4096>, send_zero_copy<64>, registered_files<16>, message_wake>::loop<multi_thread>,
    io_uring<entries<64>, send_zero_copy<64>, registered_files<>, message_wake, old_kernel>::loop<multi_thread>>;
INSTANTIATE_TYPED_TEST_SUITE_P(io_uring, backend_wait_laws, io_uring_loops);
INSTANTIATE_TYPED_TEST_SUITE_P(io_uring, backend_io_laws, io_uring_loops);

/// Runs `f` on a thread to which io_uring_setup fails with `error`.
template <class F>
void without_io_uring(unsigned error, F f) {
  std::thread([&] {
    sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),  // the number of the system call
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog filter{4, program};
    ASSERT_EQ(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    ASSERT_EQ(::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter), 0);
    f();
  }).join();
}

/// io_uring where there is none: opened under a filter that refuses it.
struct refused_loop : io_uring<>::loop<multi_thread> {
  result<void> open() noexcept {
    result<void> opened;
    without_io_uring(EPERM, [&] { opened = io_uring<>::loop<multi_thread>::open(); });
    return opened;
  }
};
INSTANTIATE_TYPED_TEST_SUITE_P(io_uring_refused, backend_wait_laws, refused_loop);
INSTANTIATE_TYPED_TEST_SUITE_P(io_uring_refused, backend_io_laws, refused_loop);

TEST(io_uring_backend, says_why_it_fell_back) {
  const auto note_when = [](unsigned error) {
    std::string note;
    without_io_uring(error, [&] {
      io_uring<>::loop<multi_thread> loop;
      EXPECT_TRUE(loop.open());
      note = loop.note();
    });
    return note;
  };
  EXPECT_EQ(note_when(ENOSYS), "io_uring is not available (the kernel has none): epoll is used");
  EXPECT_EQ(note_when(EPERM),
            "io_uring is not available (it is forbidden: see kernel.io_uring_disabled and seccomp): epoll is used");
  EXPECT_EQ(note_when(EINVAL), "io_uring is not available (the kernel is older than 5.13): epoll is used");
  EXPECT_EQ(note_when(ENOMEM), "io_uring is not available (out of memory: see RLIMIT_MEMLOCK): epoll is used");
  EXPECT_EQ(note_when(EACCES), "io_uring is not available (errno 13): epoll is used");
  without_io_uring(EMFILE, [] {
    io_uring<>::loop<multi_thread> loop;
    EXPECT_EQ(loop.open().error(), std::errc::too_many_files_open);
  });
}

/// What a loop of these options says after it was opened.
template <class... Options>
std::string note_of() {
  typename io_uring<Options...>::template loop<multi_thread> loop;
  EXPECT_TRUE(loop.open());
  return std::string(loop.note());
}

TEST(io_uring_backend, does_without_what_the_kernel_lacks_and_says_so) {
  const std::string why = ": the kernel is older, or out of memory it may lock";
  EXPECT_EQ(note_of<lacking<ring_feature::multishot_accept>>(), "io_uring without multishot accept" + why);
  EXPECT_EQ((note_of<lacking<ring_feature::multishot_receive>, entries<64>>()),
            "io_uring without multishot receive" + why);
  EXPECT_EQ((note_of<lacking<ring_feature::zero_copy, ring_feature::message>, send_zero_copy<>, message_wake>()),
            "io_uring without zero-copy send, wake by message" + why);
  EXPECT_EQ((note_of<lacking<ring_feature::files>, registered_files<>>()), "io_uring without registered files" + why);
  EXPECT_EQ((note_of<old_kernel, single_shot>()), "");  // what was not asked for is not missed
}

TEST(io_uring_backend, spells_its_options) {
  EXPECT_EQ(io_uring<>::word.view(), "io_uring");
  EXPECT_EQ(io_uring<entries<512>>::word.view(), "io_uring<entries<512>>");
  EXPECT_EQ((io_uring<single_shot, send_zero_copy<>>::word.view()), "io_uring<single_shot, send_zero_copy<32768>>");
  EXPECT_EQ((io_uring<multishot, buffer_ring<64, 2048>, registered_files<8>, message_wake>::word.view()),
            "io_uring<multishot, buffer_ring<64, 2048>, registered_files<8>, message_wake>");
}

TEST(io_uring_backend, may_be_opened_and_destroyed_on_another_thread_than_it_waits_on) {
  io_uring<>::loop<multi_thread> loop;
  ASSERT_TRUE(loop.open());
  std::thread([&] {
    const fd_pair pair = stream_pair();
    io_uring<>::loop<multi_thread>::source s;
    s.fd = pair.a.get();
    ASSERT_TRUE(loop.attach(s));
    char byte = 0;
    counted op{io_kind::read, s, &byte, 1};
    ASSERT_FALSE(loop.start(op));
    put(pair.b.get(), "x");
    for (int i = 0; i < 100 && op.ends == 0; ++i) loop.wait(milliseconds{100});
    EXPECT_EQ(op.outcome, 1);
    loop.detach(s);
  }).join();
}

}  // namespace tenon::laws
#endif
