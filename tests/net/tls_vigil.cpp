// SPDX-License-Identifier: BSL-1.0
#if __has_include(<openssl/ssl.h>)
#include <tenon/net/tls_vigil.hpp>

#include "tls.hpp"

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <system_error>
#include <utility>

namespace {

using namespace tenon_test;

/// Reads what comes, a few bytes at a time.
struct listening {
  secure<wired<tenon::epoll, tenon::stealing<>>::runtime>* from;
  std::string said;
  std::error_code end;
  int calls = 0;
  tenon::duration most = 5s;

  bool heard(const tenon::result<void>& ready) {
    ++calls;
    end = ready.error();
    std::array<char, 3> room{};
    const auto n = from->try_read_some(std::as_writable_bytes(std::span(room)));
    if (n) said.append(room.data(), *n);
    return n && *n != 0;
  }
  [[nodiscard]] tenon::duration patience() const { return most; }
};

TEST(tls_vigil, hears_what_is_the_users_alone) {
  using ground = wired<tenon::epoll, tenon::stealing<>>;
  using R = ground::runtime;
  run_wired<ground>(2, [](R& rt) -> task<void> {
    auto both = co_await connected<R>(rt);
    listening ear{&*both.server, {}, {}};
    auto speak = [](secure<R>* to) -> task<void> {
      for (int i = 0; i < 10; ++i) {
        SSL_key_update(to->native_session(), SSL_KEY_UPDATE_NOT_REQUESTED);
        const auto sent = co_await to->write_all(bytes_of("0123456789"));
        EXPECT_TRUE(sent);
        co_await tenon::sleep_for(100us);
      }
      EXPECT_TRUE(to->shutdown_send());
    };
    auto listen = [](secure<R>* at, listening* by) -> task<void> { co_await at->watch(*by); };
    {
      auto speaking = speak(&*both.client);
      auto hearing = listen(&*both.server, &ear);
      co_await tenon::when_all(std::move(speaking), std::move(hearing));
    }
    EXPECT_EQ(ear.said.size(), 100U);
    EXPECT_EQ(ear.calls, 41);  // four for each word, and the end: nothing for what is TLS's own
    EXPECT_FALSE(ear.end);

    // Patience is with words. Half a record does not buy time.
    auto other = co_await connected<R>(rt);
    listening impatient{&*other.server, {}, {}};
    impatient.most = 30ms;
    auto trickle = [](secure<R>* from, const listening* until) -> task<void> {
      const std::array<unsigned char, 5> head{23, 3, 3, 64, 0};
      for (int i = 0; i < 1000 && until->calls == 0; ++i) {
        const auto sent = co_await from->carrier().write_all(
            std::as_bytes(std::span(head).subspan(i < 5 ? static_cast<std::size_t>(i) : 0, i < 5 ? 1 : 5)));
        if (!sent) break;
        co_await tenon::sleep_for(1ms);
      }
    };
    auto trickling = trickle(&*other.client, &impatient);
    auto waiting = listen(&*other.server, &impatient);
    co_await tenon::when_all(std::move(trickling), std::move(waiting));
    EXPECT_EQ(impatient.end, std::errc::timed_out);
    EXPECT_EQ(impatient.calls, 1);
  });
}

}  // namespace

#endif
