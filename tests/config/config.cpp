// SPDX-License-Identifier: BSL-1.0
#include <tenon/config/config.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <unistd.h>

namespace {

#if defined(TENON_WITH_TOML) && TENON_WITH_TOML

using tenon::config::parse;

std::string error_of(std::string_view text) {
  const auto read = parse(text, "a.toml");
  return read ? "no error" : read.error();
}

TEST(config, reads_words_and_numbers) {
  const auto read = parse(
      "[runtime]\n"
      "backend = \"io_uring\"\n"
      "scheduling = \"stealing\"\n"
      "threads = 4\n"
      "blocking_threads = 16\n"
      "name = \"edge\"\n",
      "a.toml");
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(read->source, "a.toml");
  ASSERT_EQ(read->words.size(), 2u);
  EXPECT_EQ(read->words[0].family, "backend");
  EXPECT_EQ(read->words[0].word, "io_uring");
  EXPECT_EQ(read->words[0].line, 2u);
  EXPECT_EQ(read->words[1].family, "scheduling");
  EXPECT_EQ(read->words[1].line, 3u);
  EXPECT_EQ(read->threads, 4u);
  EXPECT_EQ(read->blocking_threads, 16u);
  EXPECT_EQ(read->name, "edge");
}

TEST(config, nothing_is_a_configuration) {
  for (const std::string_view text : {"", "[runtime]\n", "# nothing\n"}) {
    const auto read = parse(text, "a.toml");
    ASSERT_TRUE(read) << read.error();
    EXPECT_TRUE(read->words.empty());
    EXPECT_FALSE(read->threads);
    EXPECT_FALSE(read->blocking_threads);
    EXPECT_FALSE(read->name);
  }
}

TEST(config, every_family_is_a_key) {
  std::string text = "[runtime]\n";
  for (const std::string_view family : tenon::config::families) text += std::string(family) + " = \"x\"\n";
  const auto read = parse(text, "a.toml");
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(read->words.size(), tenon::config::families.size());
}

TEST(config, an_unknown_key_is_answered_with_the_known_ones) {
  EXPECT_EQ(
      error_of("[runtime]\nthreads = 1\nbackand = \"epoll\"\n"),
      "a.toml:3: unknown key \"backand\" in [runtime]; write backend, scheduling, memory, queue, topology, threading, "
      "observe, clock, errors, context, threads, blocking_threads or name");
}

TEST(config, an_unknown_table_is_an_error_unless_the_program_has_it) {
  EXPECT_EQ(error_of("[runtme]\n"), "a.toml:1: unknown key \"runtme\"; write [runtime]");
  EXPECT_EQ(error_of("\nbackend = \"epoll\"\n"), "a.toml:2: unknown key \"backend\"; write [runtime]");
  EXPECT_TRUE(parse("[gateway]\naddress = \"127.0.0.1\"\n[runtime]\n", "a.toml", {"gateway"}));
  const auto read = parse("[gatway]\n", "a.toml", {"gateway"});
  EXPECT_EQ(read.error(), "a.toml:1: unknown key \"gatway\"; write [runtime], [gateway]");
}

TEST(config, a_value_of_the_wrong_type_is_an_error) {
  EXPECT_EQ(error_of("[runtime]\nbackend = 7\n"),
            "a.toml:2: backend is an integer; write backend = \"WORD\", a string");
  EXPECT_EQ(error_of("[runtime]\n\nname = true\n"), "a.toml:3: name is a boolean; write name = \"edge\", a string");
  EXPECT_EQ(error_of("[runtime]\nthreads = \"4\"\n"),
            "a.toml:2: threads is a string; write threads = 4, an integer (0: as many as the machine has processors)");
  EXPECT_EQ(error_of("[runtime]\nblocking_threads = 1.5\n"),
            "a.toml:2: blocking_threads is a float; write blocking_threads = 64, an integer");
  EXPECT_EQ(error_of("[runtime]\nbackend = [\"epoll\"]\n"),
            "a.toml:2: backend is an array; write backend = \"WORD\", a string");
  EXPECT_EQ(error_of("runtime = 3\n"), "a.toml:1: runtime is an integer; write a table, [runtime]");
}

TEST(config, a_number_out_of_range_is_an_error) {
  EXPECT_EQ(error_of("[runtime]\nthreads = -1\n"),
            "a.toml:2: threads = -1; write an integer from 0 (as many as the machine has processors) to 65535");
  EXPECT_NE(error_of("[runtime]\nthreads = 65536\n"), "no error");
  EXPECT_EQ(error_of("[runtime]\nthreads = 65535\n"), "no error");
  EXPECT_EQ(error_of("[runtime]\nblocking_threads = 0\n"),
            "a.toml:2: blocking_threads = 0; write an integer from 1 to 65535");
}

TEST(config, a_key_twice_is_an_error_with_its_line) {
  const std::string error = error_of("[runtime]\nbackend = \"epoll\"\nbackend = \"poll\"\n");
  EXPECT_TRUE(error.starts_with("a.toml:3: ")) << error;
  EXPECT_NE(error.find("backend"), std::string::npos) << error;
}

TEST(config, what_is_not_toml_is_an_error_with_its_line) {
  const std::string error = error_of("[runtime]\nbackend = epoll\n");
  EXPECT_TRUE(error.starts_with("a.toml:2: ")) << error;
}

TEST(config, reads_a_file) {
  std::string path = testing::TempDir() + "tenon_config_XXXXXX";
  const int fd = ::mkstemp(path.data());
  ASSERT_GE(fd, 0);
  const std::string_view text = "[runtime]\nbackend = \"poll\"\n";
  ASSERT_EQ(::write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  ::close(fd);
  const auto read = tenon::config::load(path);
  ::unlink(path.c_str());
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(read->source, path);
  ASSERT_EQ(read->words.size(), 1u);
  EXPECT_EQ(read->words[0].word, "poll");
}

TEST(config, a_file_that_is_not_there_is_an_error) {
  EXPECT_EQ(tenon::config::load("no_such.toml").error(), "no_such.toml: No such file or directory");
  EXPECT_EQ(tenon::config::load(testing::TempDir()).error(), testing::TempDir() + ": Is a directory");
}

#else

TEST(config, needs_toml) { GTEST_SKIP() << "the door of toml++ is closed (TENON_WITH_TOML)"; }

#endif

}  // namespace
