// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/result.hpp>
#include <tenon/http/detail/ascii.hpp>
#include <tenon/http/detail/scan.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>

namespace tenon::http {

/// The parts of an absolute URL that a client needs, as views into its text.
///
///     auto at = tenon::http::url::parse("http://[::1]:8080/search?q=1");   // host "::1", port 8080
///
/// Shape    Schemes http, https, ws and wss; wss and https are `secure`. A fragment is left out.
/// Errors   invalid_argument: another scheme, user information, a bad host or port, a byte that may not stand in a
///          target (a space, a control, one over 127: percent-encode it).
/// Source   RFC 3986, RFC 9110 section 4.2, RFC 6455 section 3.
struct url {
  bool secure = false;
  std::uint16_t port = 80;
  /// Without brackets: what is connected to.
  std::string_view host{};
  /// What a Host header says: as it was written, less the port that goes without saying.
  std::string_view authority{};
  /// Path and query, as written; it may be empty, or begin with '?': then a '/' belongs before it.
  std::string_view target{};

  [[nodiscard]] static result<url> parse(std::string_view text) noexcept {
    url out;
    const std::size_t scheme = text.find("://");
    if (scheme == text.npos) return std::errc::invalid_argument;
    const std::string_view name = text.substr(0, scheme);
    out.secure = detail::same_ignoring_case(name, "https") || detail::same_ignoring_case(name, "wss");
    if (!out.secure && !detail::same_ignoring_case(name, "http") && !detail::same_ignoring_case(name, "ws")) {
      return std::errc::invalid_argument;
    }
    std::string_view rest = text.substr(scheme + 3);
    rest = rest.substr(0, rest.find('#'));
    const std::size_t path = rest.find_first_of("/?");
    out.authority = rest.substr(0, path);
    if (path != rest.npos) out.target = rest.substr(path);
    const char* const end = out.target.data() + out.target.size();
    if (detail::skip_target<detail::target_byte>(out.target.data(), end) != end) return std::errc::invalid_argument;
    if (!detail::is_host(out.authority) || !out.read_port()) return std::errc::invalid_argument;
    return out;
  }

  /// Whether both name the same server, as far as names tell.
  [[nodiscard]] bool same_origin(const url& other) const noexcept {
    return secure == other.secure && port == other.port && detail::same_ignoring_case(host, other.host);
  }

 private:
  bool read_port() noexcept {
    const std::uint16_t usual = secure ? 443 : 80;
    const std::size_t bracket = authority.rfind(']');
    const std::size_t colon = authority.find(':', bracket == authority.npos ? 0 : bracket);
    const std::string_view name = authority.substr(0, colon);
    host = bracket == authority.npos ? name : name.substr(1, name.size() - 2);
    std::uint64_t number = usual;
    const std::string_view digits = colon == authority.npos ? std::string_view() : authority.substr(colon + 1);
    if (!digits.empty() && (!detail::read_decimal(digits, number) || number == 0 || number > 65535)) return false;
    port = static_cast<std::uint16_t>(number);
    if (port == usual) authority = name;
    return true;
  }
};

static_assert(std::is_trivially_copyable_v<url>);

/// The absolute URL that a Location says, seen from `base`.
///
/// Errors   invalid_argument, as of url::parse.
/// Source   RFC 3986 section 5.2.
[[nodiscard]] inline result<std::string> resolve_location(const url& base, std::string_view location) {
  std::string out;
  const std::size_t special = location.find_first_of(":/?#");
  const bool absolute = special != location.npos && location[special] == ':';
  const std::string_view scheme = base.secure ? "https:" : "http:";
  if (absolute) {
    out = location;
  } else if (location.substr(0, 2) == "//") {
    out.append(scheme).append(location);
  } else {
    out.append(scheme).append("//").append(base.authority);
    std::string_view path = base.target.substr(0, base.target.find('?'));
    if (location.empty() || location.front() == '#') path = base.target;
    const bool is_path = !location.empty() && location.front() != '?' && location.front() != '#';
    if (is_path) path = location.front() == '/' ? std::string_view() : path.substr(0, path.rfind('/') + 1);
    std::string all(path);
    if (is_path && all.empty() && location.front() != '/') all = "/";
    all.append(location);
    // "." and ".." of the path are taken out, so that a server never sees them
    const std::size_t query = all.find_first_of("?#");
    const std::string tail = query == all.npos ? std::string() : all.substr(query);
    all.resize(query == all.npos ? all.size() : query);
    const std::size_t start = out.size();
    for (std::size_t at = 0; at < all.size();) {
      const std::size_t next = all.find('/', at + 1);
      const std::string_view part = std::string_view(all).substr(at, next == all.npos ? all.npos : next - at);
      const bool last = next == all.npos;
      if (part == "/..") {
        const std::size_t cut = out.rfind('/');
        if (cut != out.npos && cut >= start) out.resize(cut);
        if (last) out += '/';
      } else if (part == "/.") {
        if (last) out += '/';
      } else {
        out.append(part);
      }
      at = last ? all.size() : next;
    }
    out.append(tail);
  }
  if (!url::parse(out)) return std::errc::invalid_argument;
  return out;
}

}  // namespace tenon::http
