// SPDX-License-Identifier: BSL-1.0
#include <tenon/config/document.hpp>
#include <tenon/config/menu.hpp>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace {

using tenon::config::document;
using tenon::config::menu;

constexpr std::string_view backends[] = {"epoll", "io_uring<>", "libuv"};
constexpr std::string_view queues[] = {"spsc<64>", "spsc<1024>", "mpmc<64>"};
constexpr menu menus[] = {{0, backends, 3}, {3, queues, 3}};

struct picked {
  std::string error;
  std::size_t backend;
  std::size_t queue;
};
picked choose(const document& asked) {
  std::size_t chosen[2] = {9, 9};
  std::string error = tenon::config::detail::choose(asked, menus, 2, chosen);
  return {std::move(error), chosen[0], chosen[1]};
}
picked choose(std::string_view sentence) {
  const auto asked = tenon::config::sentence(sentence);
  return choose(*asked);
}
document keyed(std::string_view family, std::string word) {
  document asked;
  asked.source = "a.toml";
  asked.words.push_back({family, std::move(word), 3});
  return asked;
}

TEST(menu, silence_means_the_first_words) {
  const picked both = choose("");
  EXPECT_EQ(both.error, "");
  EXPECT_EQ(both.backend, 0u);
  EXPECT_EQ(both.queue, 0u);
}

TEST(menu, a_word_is_found_whole_or_without_its_brackets) {
  EXPECT_EQ(choose("io_uring<>").backend, 1u);
  EXPECT_EQ(choose("io_uring").backend, 1u);
  EXPECT_EQ(choose("spsc<1024>, libuv").queue, 1u);
  EXPECT_EQ(choose("mpmc").queue, 2u);
  EXPECT_EQ(choose(keyed("backend", "libuv")).backend, 2u);
}

TEST(menu, a_word_that_may_be_two_is_asked_for_in_full) {
  EXPECT_EQ(choose("spsc").error,
            "\"spsc\": \"spsc\" may be more than one word; write spsc<64>, spsc<1024> or mpmc<64> in full");
}

TEST(menu, an_unknown_word_is_answered_with_the_known_ones) {
  EXPECT_EQ(choose(keyed("backend", "epol")).error,
            "a.toml:3: backend = \"epol\" is none of the words here; write epoll, io_uring<> or libuv");
}

TEST(menu, a_word_of_another_family_is_not_taken) {
  EXPECT_EQ(choose(keyed("queue", "epoll")).error,
            "a.toml:3: queue = \"epoll\" is none of the words here; write spsc<64>, spsc<1024> or mpmc<64>");
}

TEST(menu, two_words_for_one_family_are_one_too_many) {
  EXPECT_EQ(choose("epoll, libuv").error,
            "\"epoll, libuv\": \"libuv\": there is \"epoll\" for backend already; keep one of them");
}

constexpr std::array<std::string_view, 10> made_with{
    "epoll", "fifo",   "recycling<system>", "spsc<64>", "flat", "single_thread",
    "off",   "steady", "propagate",         "context<>"};

std::string contradiction(const document& asked, bool concurrent = true) {
  return tenon::config::detail::contradiction(asked, menus, 2, made_with, concurrent);
}

TEST(menu, what_the_program_is_made_with_may_be_said) {
  EXPECT_EQ(contradiction(*tenon::config::sentence("fifo, recycling, off, epoll")), "");
  EXPECT_EQ(contradiction(keyed("memory", "recycling<system>")), "");
}

TEST(menu, what_it_is_not_made_with_is_refused) {
  EXPECT_EQ(contradiction(keyed("memory", "mimalloc")),
            "a.toml:3: memory = \"mimalloc\", but this program is made with recycling<system>; write that, or leave "
            "memory out");
  EXPECT_EQ(contradiction(*tenon::config::sentence("epol")),
            "\"epol\": \"epol\" is none of the words here; write epoll, io_uring<> or libuv; spsc<64>, spsc<1024> or "
            "mpmc<64>");
}

TEST(menu, threads_are_for_runtimes_that_have_them) {
  document asked;
  asked.source = "a.toml";
  asked.threads = 4;
  EXPECT_EQ(contradiction(asked), "");
  EXPECT_EQ(contradiction(asked, false),
            "a.toml: threads = 4, but with single_thread there is one; leave threads out, or choose multi_thread");
  asked.threads = 1;
  EXPECT_EQ(contradiction(asked, false), "");
}

}  // namespace
