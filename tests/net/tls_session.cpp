// SPDX-License-Identifier: BSL-1.0
#if __has_include(<openssl/ssl.h>)
#include <tenon/net/tls_session.hpp>

#include "tls.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace {

using namespace tenon_test;

using ground = wired<tenon::epoll, tenon::fifo, tenon::single_thread>;

/// A stream in memory, with as much room as the test gives it.
struct pipe_end {
  ground::runtime* of;
  std::vector<std::byte>* in;
  std::vector<std::byte>* out;
  std::size_t* room;
  bool* ended;

  [[nodiscard]] ground::runtime& runtime() const { return *of; }
  tenon::result<std::size_t> try_read_some(std::span<std::byte> into) {
    const std::size_t size = std::min(into.size(), in->size());
    if (size == 0) return std::errc::operation_would_block;
    std::copy_n(in->begin(), size, into.begin());
    in->erase(in->begin(), in->begin() + static_cast<std::ptrdiff_t>(size));
    return size;
  }
  tenon::result<std::size_t> try_write_some(std::span<const std::byte> from) {
    const std::size_t size = std::min(from.size(), *room);
    if (size == 0) return std::errc::operation_would_block;
    out->insert(out->end(), from.begin(), from.begin() + static_cast<std::ptrdiff_t>(size));
    *room -= size;
    return size;
  }
  tenon::result<void> shutdown_send() {
    *ended = true;
    return {};
  }
};

using session = tenon::tls_session<pipe_end>;

constexpr std::size_t plenty = std::size_t{1} << 40U;

/// Two sessions over two buffers, shaken hands a few bytes at a time.
class tls_sessions : public testing::Test {
 protected:
  void SetUp() override {
    for (int turn = 0; turn < 10000; ++turn) {
      to_server_room_ = to_client_room_ = 7;
      const auto near = client_->handshake();
      const auto far = server_->handshake();
      ASSERT_TRUE(near) << near.error().message();
      ASSERT_TRUE(far) << far.error().message();
      if (*near == session::next::nothing && *far == session::next::nothing) break;
      ASSERT_NE(turn, 9999);
    }
    to_server_room_ = to_client_room_ = plenty;
  }

  ground rt_;
  std::vector<std::byte> to_server_;
  std::vector<std::byte> to_client_;
  std::size_t to_server_room_ = plenty;
  std::size_t to_client_room_ = plenty;
  bool client_ended_ = false;
  bool server_ended_ = false;
  session::owner client_ = session::make(pipe_end{&rt_, &to_client_, &to_server_, &to_server_room_, &client_ended_},
                                         tenon::tls_context::client(asking()).value().state(), "localhost")
                               .value();
  session::owner server_ = session::make(pipe_end{&rt_, &to_server_, &to_client_, &to_client_room_, &server_ended_},
                                         tenon::tls_context::server(serving()).value().state(), "")
                               .value();
  std::array<std::byte, 64> room_{};
};

TEST_F(tls_sessions, keep_what_the_stream_does_not_take) {
  EXPECT_EQ(server_->read(room_).error(), std::errc::operation_would_block);
  EXPECT_EQ(server_->look().error(), std::errc::operation_would_block);
  to_server_room_ = 3;
  EXPECT_EQ(client_->write(bytes_of("first")).error(), std::errc::operation_would_block);
  EXPECT_EQ(client_->make_room().error(), std::errc::operation_would_block);
  EXPECT_EQ(server_->read(room_).error(), std::errc::operation_would_block);
  to_server_room_ = plenty;
  EXPECT_EQ(client_->write(bytes_of("first")).value(), 5U);  // the same bytes: told now
  EXPECT_TRUE(server_->look());
  EXPECT_EQ(server_->read(room_).value(), 5U);

  // Who gives up leaves a whole record behind, which goes before the next.
  to_server_room_ = 10;
  EXPECT_EQ(client_->write(bytes_of("given up")).error(), std::errc::operation_would_block);
  client_->disown();
  to_server_room_ = plenty;
  EXPECT_EQ(client_->write(bytes_of("+next")).value(), 5U);
  EXPECT_EQ(server_->read(room_).value(), 13U);  // both records at once
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(room_.data()), 13), "given up+next");
}

// The rest of them is offered later, as a buffer that is written by parts does.
TEST_F(tls_sessions, tell_no_more_bytes_than_they_are_offered) {
  to_server_room_ = 3;
  EXPECT_EQ(client_->write(bytes_of("all of it")).error(), std::errc::operation_would_block);
  to_server_room_ = plenty;
  EXPECT_EQ(client_->write(bytes_of("all")).value(), 3U);
  EXPECT_EQ(client_->write(bytes_of("")).value(), 0U);
  EXPECT_EQ(client_->write(bytes_of(" of it, and more")).value(), 6U);
  EXPECT_EQ(client_->write(bytes_of(", and more")).value(), 10U);
  EXPECT_EQ(server_->read(room_).value(), 19U);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(room_.data()), 19), "all of it, and more");
}

TEST_F(tls_sessions, part_when_there_is_room) {
  to_server_room_ = 0;
  EXPECT_FALSE(client_->has_parted());
  EXPECT_FALSE(client_->say_farewell().value());
  EXPECT_TRUE(client_->has_parted());
  EXPECT_TRUE(client_->say_farewell().value());  // somebody sees to it already
  EXPECT_FALSE(client_->see_off().value());
  EXPECT_FALSE(client_ended_);
  EXPECT_EQ(client_->write(bytes_of("x")).error(), std::errc::broken_pipe);
  to_server_room_ = plenty;
  EXPECT_TRUE(client_->see_off().value());
  EXPECT_TRUE(client_ended_);
  EXPECT_EQ(server_->read(room_).value(), 0U);
  EXPECT_TRUE(server_->look());
}

// A peer that makes us answer, and never reads what we answer, gets no more room than a little.
TEST_F(tls_sessions, keep_no_answers_without_bound) {
  to_client_room_ = 0;
  std::error_code end = std::make_error_code(std::errc::operation_would_block);
  std::size_t updates = 0;
  for (; updates < 100000 && end == std::errc::operation_would_block; ++updates) {
    if (SSL_key_update(client_->native(), SSL_KEY_UPDATE_REQUESTED) != 1) break;
    ASSERT_TRUE(client_->write(bytes_of("x")));
    const auto got = server_->read(room_);
    end = got ? std::make_error_code(std::errc::operation_would_block) : got.error();
  }
  EXPECT_EQ(end, std::errc::no_buffer_space) << end.message();
  EXPECT_LT(updates, 10000U);
}

TEST_F(tls_sessions, hold_no_buffer_while_they_are_parked) {
  EXPECT_TRUE(client_->write(bytes_of("x")));
  EXPECT_EQ(server_->read(room_).value(), 1U);
  server_->park();
  client_->park();
  EXPECT_TRUE(client_->write(bytes_of("again")));
  const std::byte last = to_server_.back();  // what has come of a record is not lost
  to_server_.pop_back();
  EXPECT_EQ(server_->read(room_).error(), std::errc::operation_would_block);
  server_->park();
  to_server_.push_back(last);
  EXPECT_EQ(server_->read(room_).value(), 5U);
}

}  // namespace

#endif
