// SPDX-License-Identifier: BSL-1.0
// An HTTP/1.1 service composed into several runtimes; with no flag it drives each of them and prints one table.
#include "client.hpp"
#include "gateway.hpp"
#include "runtimes.hpp"

#include <tenon/config/config.hpp>
#include <tenon/config/select.hpp>
#include <tenon/runtime/describe.hpp>

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <vector>

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace gateway {
namespace {

constexpr std::string_view usage =
    R"(usage: gateway [--serve ADDRESS:PORT] [--runtime NAME] [--config FILE] [--threads N]
               [--connections N] [--seconds N] [--help]

With no flag it serves on a free loopback port, drives itself for a few seconds a runtime, checks every answer byte by
byte, and prints one table.

  --serve ADDRESS:PORT  serve until SIGINT or SIGTERM, then drain and print the report
  --runtime NAME        one of the runtimes below (with --serve: the first, unless named)
  --config FILE         choose backend, scheduling and threads in a TOML file instead ([runtime] backend = "epoll")
  --threads N           workers; default: as many as the machine gives
  --connections N       of the built-in client; default 64
  --seconds N           measured, a runtime; default 2

routes: /plaintext /json /echo /users/{id} /users/{id}/posts/{post} /health /metrics
)";

struct options {
  std::optional<tenon::endpoint> serve_at;
  std::string runtime;
  std::string config;
  std::size_t threads = 0;
  load asked;
};

int fail(const std::string& sentence) {
  std::fprintf(stderr, "gateway: %s\n", sentence.c_str());
  return 1;
}

std::string why_not(const tenon::endpoint& at, std::error_code error) {
  if (error == std::errc::address_in_use) return "port " + std::to_string(at.port()) + " is in use by another program";
  if (error == std::errc::permission_denied) return "no permission to listen at " + to_string(at);
  return "cannot listen at " + to_string(at) + ": " + error.message();
}

template <class R>
typename R::settings settings_of(const options& asked) {
  typename R::settings out;
  out.name = "gateway";
  if constexpr (R::has_remote_post) out.threads = asked.threads;
  return out;
}

/// Serves on an R until a signal comes. `ready` hears where.
template <class R, class Ready>
int serve_on(R& runtime, const tenon::endpoint& at, Ready ready) {
  const auto served = runtime.run(serve(static_cast<typename R::runtime&>(runtime), at, ready));
  if (!served) return fail(why_not(at, served.error()));
  return 0;
}

/// One runtime by its name: what it is, how to serve on it.
struct choice {
  const char* name;
  std::string (*sentence)();
  int (*serve)(const options&, const tenon::endpoint&, int ready_pipe);
};

/// Serves and says so; then drains and reports.
template <class R>
int serve_here(R& runtime, const tenon::endpoint& at) {
  const int code = serve_on(runtime, at, [&runtime](const tenon::endpoint& where) {
    std::printf("serving at http://%s on %s\n", to_string(where).c_str(), tenon::describe(runtime).c_str());
    std::fflush(stdout);
  });
  if (code == 0) std::printf("drained: %s\n", to_string(runtime.report()).c_str());
  return code;
}

template <class R>
int serve_choice(const options& asked, const tenon::endpoint& at, int ready_pipe) {
  R runtime{settings_of<R>(asked)};
  if (ready_pipe < 0) return serve_here(runtime, at);
  return serve_on(runtime, at, [ready_pipe](const tenon::endpoint& where) {
    const std::uint16_t port = where.port();
    (void)!::write(ready_pipe, &port, sizeof port);
  });
}

/// The sentence of R without the marks of what is meant by default.
template <class R>
std::string plain_sentence() {
  std::string text = tenon::describe<R>();
  constexpr std::string_view mark = " (default)";
  for (std::size_t at = text.find(mark); at != text.npos; at = text.find(mark, at)) text.erase(at, mark.size());
  return text;
}

template <class R>
choice make_choice(const char* name) {
  return {name, &plain_sentence<R>, &serve_choice<R>};
}

std::vector<choice> choices() {
  std::vector<choice> all{make_choice<solo>("solo"), make_choice<edge>("edge")};
#if TENON_WITH_IO_URING && TENON_WITH_MIMALLOC
  all.push_back(make_choice<ring>("ring"));
#endif
#if TENON_WITH_LIBUV
  all.push_back(make_choice<pinned>("pinned"));
#endif
  return all;
}

std::string names_of(const std::vector<choice>& all) {
  std::string list;
  for (const choice& each : all) list += (list.empty() ? "" : ", ") + std::string(each.name);
  return list;
}

/// A server in a process of its own, so that what it uses is not mixed with what its client uses.
class child_server {
 public:
  child_server(const choice& chosen, const options& asked) {
    std::array<int, 2> ready{};
    if (::pipe(ready.data()) != 0) return;
    std::fflush(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::close(ready[0]);
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::_exit(chosen.serve(asked, {"127.0.0.1", 0}, ready[1]));
    }
    ::close(ready[1]);
    if (::read(ready[0], &port_, sizeof port_) != sizeof port_) port_ = 0;
    ::close(ready[0]);
  }
  child_server(const child_server&) = delete;
  child_server& operator=(const child_server&) = delete;
  ~child_server() { stop(); }

  [[nodiscard]] std::uint16_t port() const { return port_; }
  /// SIGTERM, as an orchestrator would; whether it drained and left without an error.
  bool stop() {
    if (pid_ <= 0) return false;
    int status = 0;
    ::kill(pid_, SIGTERM);
    const bool left = ::waitpid(pid_, &status, 0) == pid_;
    pid_ = -1;
    return left && WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }

 private:
  pid_t pid_ = -1;
  std::uint16_t port_ = 0;
};

int print_table(const std::vector<choice>& all, const options& asked) {
  std::printf("%-8s %10s %8s %8s %14s %14s %9s  %s\n", "runtime", "requests/s", "p50 us", "p99 us", "cpu s/M req",
              "allocs/req", "rss MiB", "sentence");
  std::fflush(stdout);
  bool good = true;
  for (const choice& each : all) {
    if (!asked.runtime.empty() && asked.runtime != each.name) continue;
    child_server server(each, asked);
    if (server.port() == 0) return fail(std::string("the server on ") + each.name + " did not start");
    const measured seen = drive({"127.0.0.1", server.port()}, asked.asked);
    if (!seen.wrong.empty()) return fail(std::string("a wrong answer on ") + each.name + ": " + seen.wrong);
    const auto count = static_cast<double>(seen.answers);
    std::printf("%-8s %10.0f %8.0f %8.0f %14.2f %14.4f %9.1f  %s\n", each.name, count / seen.seconds, seen.p50_us,
                seen.p99_us, count > 0 ? seen.server_cpu_s / count * 1e6 : 0.0,
                count > 0 ? static_cast<double>(seen.server_allocations) / count : 0.0,
                static_cast<double>(seen.server_resident_bytes) / (1024.0 * 1024.0), each.sentence().c_str());
    std::fflush(stdout);
    if (!server.stop()) good = fail(std::string("the server on ") + each.name + " did not drain cleanly") == 0;
  }
  if (good) std::printf("every answer was checked byte by byte; every server drained on SIGTERM\n");
  return good ? 0 : 1;
}

bool read_number(std::string_view text, std::size_t& into) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
  return error == std::errc() && end == text.data() + text.size() && into > 0;
}

/// Serves on the runtime that a file or a sentence chooses: one branch, here, and never again.
int serve_configured(const options& asked);

int main_with(const std::vector<std::string_view>& args) {
  const std::vector<choice> all = choices();
  options asked;
  for (std::size_t i = 0; i < args.size(); ++i) {
    const std::string_view flag = args[i];
    if (flag == "--help" || flag == "-h") {
      std::printf("%.*s\nruntimes:\n", static_cast<int>(usage.size()), usage.data());
      for (const choice& each : all) std::printf("  %-8s %s\n", each.name, each.sentence().c_str());
      return 0;
    }
    const bool known = flag == "--serve" || flag == "--runtime" || flag == "--config" || flag == "--threads" ||
                       flag == "--connections" || flag == "--seconds";
    if (!known) return fail("unknown flag " + std::string(flag) + "; --help lists them");
    if (i + 1 == args.size()) return fail(std::string(flag) + " needs a value");
    const std::string_view value = args[++i];
    std::size_t number = 0;
    if (flag == "--serve") {
      const auto at = tenon::endpoint::parse(value);
      if (!at) return fail("bad address " + std::string(value) + "; write ADDRESS:PORT, such as 127.0.0.1:8080");
      asked.serve_at = *at;
    } else if (flag == "--runtime") {
      asked.runtime = value;
    } else if (flag == "--config") {
      asked.config = value;
    } else if (!read_number(value, number)) {
      return fail(std::string(flag) + " takes a whole number above zero, not " + std::string(value));
    } else if (flag == "--threads") {
      if (number > 1024) return fail("--threads takes at most 1024");
      asked.threads = number;
    } else if (flag == "--connections") {
      asked.asked.connections = number;
    } else {
      asked.asked.length = std::chrono::seconds(number);
    }
  }
  const choice* chosen = nullptr;
  for (const choice& each : all) {
    if (asked.runtime == each.name) chosen = &each;
  }
  if (!asked.runtime.empty() && chosen == nullptr) {
    return fail("no runtime is called " + asked.runtime + "; there are: " + names_of(all));
  }
  if (!asked.config.empty()) {
    if (!asked.serve_at) return fail("--config goes with --serve");
    if (chosen != nullptr) return fail("--config and --runtime both choose the runtime; give one");
    return serve_configured(asked);
  }
  if (asked.serve_at) return (chosen != nullptr ? *chosen : all.front()).serve(asked, *asked.serve_at, -1);
  return print_table(all, asked);
}

int serve_configured(const options& asked) {
#if TENON_WITH_TOML
  const auto answer =
      tenon::select<tenon::backends<tenon::epoll, tenon::poll
#if TENON_WITH_IO_URING
                                    ,
                                    tenon::io_uring<>
#endif
#if TENON_WITH_LIBUV
                                    ,
                                    tenon::libuv
#endif
                                    >,
                    tenon::schedulings<tenon::stealing<>, tenon::fifo, tenon::affinity<>>, tenon::counters>(
          tenon::config::load(asked.config), [&]<class R>(R& runtime) { return serve_here(runtime, *asked.serve_at); });
  return answer ? *answer : fail(answer.error());
#else
  return fail("this build has no TOML reader, so --config " + asked.config +
              " cannot be read; install toml++ and build again");
#endif
}

}  // namespace
}  // namespace gateway

int main(int argc, char** argv) {
  const std::vector<std::string_view> args(argv + 1, argv + argc);
  try {
    return gateway::main_with(args);
  } catch (const std::exception& error) {
    return gateway::fail(error.what());
  }
}
