// SPDX-License-Identifier: BSL-1.0
#include <tenon/core/unique_fd.hpp>

#include <gtest/gtest.h>

#include <type_traits>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace {

static_assert(!std::is_copy_constructible_v<tenon::unique_fd> && !std::is_copy_assignable_v<tenon::unique_fd>);
static_assert(std::is_nothrow_move_constructible_v<tenon::unique_fd>);
static_assert(!std::is_convertible_v<int, tenon::unique_fd>, "owning is said, not guessed");

int fresh() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }
bool is_open(int fd) { return ::fcntl(fd, F_GETFD) != -1; }

TEST(unique_fd, owns_nothing_by_default) {
  const tenon::unique_fd none;
  EXPECT_FALSE(none);
  EXPECT_EQ(none.get(), -1);
}

TEST(unique_fd, closes_at_the_end) {
  const int fd = fresh();
  ASSERT_GE(fd, 0);
  {
    const tenon::unique_fd owner(fd);
    EXPECT_TRUE(owner);
    EXPECT_EQ(owner.get(), fd);
    EXPECT_TRUE(is_open(fd));
  }
  EXPECT_FALSE(is_open(fd));
}

TEST(unique_fd, moves_its_descriptor) {
  tenon::unique_fd from(fresh());
  const int fd = from.get();
  tenon::unique_fd to(std::move(from));
  EXPECT_EQ(from.get(), -1);  // NOLINT(bugprone-use-after-move): that is what is tested
  EXPECT_EQ(to.get(), fd);
  EXPECT_TRUE(is_open(fd));

  tenon::unique_fd other(fresh());
  const int lost = other.get();
  other = std::move(to);
  EXPECT_FALSE(is_open(lost)) << "what it had before is closed";
  EXPECT_EQ(other.get(), fd);
  EXPECT_TRUE(is_open(fd));
}

TEST(unique_fd, survives_being_moved_into_itself) {
  tenon::unique_fd owner(fresh());
  const int fd = owner.get();
  tenon::unique_fd& same = owner;
  owner = std::move(same);
  EXPECT_EQ(owner.get(), fd);
  EXPECT_TRUE(is_open(fd));
}

TEST(unique_fd, gives_its_descriptor_away) {
  tenon::unique_fd owner(fresh());
  const int fd = owner.release();
  EXPECT_FALSE(owner);
  EXPECT_TRUE(is_open(fd));
  owner.reset(fd);
  owner.reset();
  EXPECT_FALSE(is_open(fd));
  owner.reset();
}

TEST(unique_fd, owns_descriptor_zero) {
  tenon::unique_fd zero(0);
  EXPECT_TRUE(zero) << "0 is a descriptor like any other";
  EXPECT_EQ(zero.release(), 0);
}

}  // namespace
