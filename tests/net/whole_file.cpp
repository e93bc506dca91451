// SPDX-License-Identifier: BSL-1.0
#include <tenon/net/whole_file.hpp>

#include "wires.hpp"

#include <cstdlib>
#include <string>
#include <system_error>

#include <unistd.h>

namespace {

using namespace tenon_test;

template <class R>
class whole_files : public testing::Test {};
TYPED_TEST_SUITE(whole_files, all_wired);

TYPED_TEST(whole_files, are_written_and_read) {
  using R = typename TypeParam::runtime;
  char name[] = "/tmp/tenon-XXXXXX";
  {
    const tenon::unique_fd made(::mkstemp(name));
  }
  run_wired<TypeParam>(
      2,
      [](R& rt, std::string path) -> task<void> {
        for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{4095}, std::size_t{4096},
                                       std::size_t{4097}, std::size_t{100'000}}) {
          std::string text(size, 'x');
          for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i % 23);
          const auto written = co_await tenon::write_file(rt, path, text);
          EXPECT_TRUE(written);
          const auto read = co_await tenon::read_file(rt, path, rt.now() + 5s);
          EXPECT_EQ(read.value(), text);
        }
        const auto status = co_await tenon::read_file(rt, "/proc/self/status");
        EXPECT_NE(status.value().find("Pid:"), std::string::npos) << "of a size that it does not say";
        const auto none = co_await tenon::read_file(rt, "/nowhere/at/all");
        EXPECT_EQ(none.error(), std::errc::no_such_file_or_directory);
        const auto folder = co_await tenon::read_file(rt, "/tmp");
        EXPECT_EQ(folder.error(), std::errc::is_a_directory);
        const auto nowhere = co_await tenon::write_file(rt, "/nowhere/at/all", "x");
        EXPECT_EQ(nowhere.error(), std::errc::no_such_file_or_directory);
        const auto full = co_await tenon::write_file(rt, "/dev/full", "x");
        EXPECT_EQ(full.error(), std::errc::no_space_on_device);
      },
      name);
  ::unlink(name);
}

}  // namespace
