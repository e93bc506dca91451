// SPDX-License-Identifier: BSL-1.0
// Boost.Beast, asynchronous with callbacks, as in its own examples.
#include "subject.hpp"

#if __has_include(<boost/beast/http.hpp>)
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include <memory>
#include <utility>
#endif

namespace serving {

#if __has_include(<boost/beast/http.hpp>)

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;

class session : public std::enable_shared_from_this<session> {
 public:
  explicit session(tcp::socket peer) : stream_(std::move(peer)) {}

  void read() {
    asked_ = {};
    beast::http::async_read(stream_, in_, asked_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (!error) self->write();
    });
  }

 private:
  void write() {
    reply_ = {};
    reply_.version(asked_.version());
    reply_.keep_alive(asked_.keep_alive());
    reply_.set(beast::http::field::date, "Thu, 01 Jan 1970 00:00:00 GMT");
    if (asked_.target() == "/plaintext") {
      reply_.set(beast::http::field::content_type, "text/plain");
      reply_.body() = greeting;
    } else {
      reply_.set(beast::http::field::content_type, "application/json");
      reply_.body() = R"({"message":"Hello, World!"})";
    }
    reply_.prepare_payload();
    beast::http::async_write(stream_, reply_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (!error) self->read();
    });
  }

  beast::tcp_stream stream_;
  beast::flat_buffer in_;
  beast::http::request<beast::http::empty_body> asked_;
  beast::http::response<beast::http::string_body> reply_;
};

void accept_next(tcp::acceptor& door) {
  door.async_accept([&door](beast::error_code error, tcp::socket peer) {
    if (!error) {
      peer.set_option(tcp::no_delay(true));
      std::make_shared<session>(std::move(peer))->read();
    }
    accept_next(door);
  });
}

void serve_beast(announcement ready) {
  asio::io_context context(1);
  tcp::acceptor door(context, {asio::ip::address_v4::loopback(), 0});
  ready(door.local_endpoint().port());
  accept_next(door);
  context.run();
}

}  // namespace

std::vector<subject> beast_server() { return {{.name = "Boost.Beast", .serve = serve_beast}}; }

#else

std::vector<subject> beast_server() { return {}; }

#endif

}  // namespace serving
