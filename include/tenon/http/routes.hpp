// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/http/detail/route_index.hpp>
#include <tenon/http/detail/route_view.hpp>
#include <tenon/http/method.hpp>
#include <tenon/http/parameters.hpp>
#include <tenon/http/route_error.hpp>
#include <tenon/http/route_match.hpp>
#include <tenon/http/route_pattern.hpp>
#include <tenon/http/trailing_slash.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <string_view>

namespace tenon::http {

/// One line of a table of routes that is a constant.
template <class T>
struct route_line {
  http::method method;
  std::string_view pattern;
  T target;
};

namespace detail {

/// The first line of a table that is wrong, and why.
struct route_fault {
  std::size_t line = 0;
  route_error why{};
};
template <std::size_t Line, route_error Why>
inline constexpr bool is_sound = Why == route_error{};

constexpr route_fault fill(route_index& index, const auto& lines) {
  for (std::size_t i = 0; i < std::size(lines); ++i) {
    const route_pattern pattern(lines[i].pattern);
    if (!pattern.is_sound()) return {i, pattern.why};
    const auto how = index.add(static_cast<unsigned>(lines[i].method), lines[i].pattern, static_cast<std::uint32_t>(i));
    if (how == route_index::outcome::duplicate) return {i, route_error::duplicate};
    if (how == route_index::outcome::too_alike) return {i, route_error::too_alike};
  }
  return {};
}

/// How much a table comes to, and what is wrong with it.
struct route_sizes {
  route_fault fault;
  std::size_t entries, turns, shapes, order, starts, targets, texts;
};
consteval route_sizes measure(const auto& lines) {
  route_index index;
  const route_fault fault = fill(index, lines);
  return {fault,
          index.entries().slots().size(),
          index.entries().turns().size(),
          index.shapes().size(),
          index.order().size(),
          index.starts().size(),
          index.targets().size(),
          index.texts().size()};
}

/// The arrays of a route_index, in the program's constants.
template <route_sizes S>
struct route_arrays {
  std::array<route_entry, S.entries> entries;
  std::array<std::uint8_t, S.turns> turns;
  std::array<route_shape, S.shapes> shapes;
  std::array<std::uint32_t, S.order> order;
  std::array<std::uint32_t, S.starts> starts;
  std::array<std::uint32_t, S.targets> targets;
  std::array<char, S.texts> texts;
  std::uint32_t shift = 0;

  consteval explicit route_arrays(const auto& lines) {
    route_index index;
    (void)fill(index, lines);
    const auto copy = [](const auto& from, auto& to) {
      for (std::size_t i = 0; i < to.size(); ++i) to[i] = from[i];
    };
    copy(index.entries().slots(), entries);
    copy(index.entries().turns(), turns);
    copy(index.shapes(), shapes);
    copy(index.order(), order);
    copy(index.starts(), starts);
    copy(index.targets(), targets);
    copy(index.texts(), texts);
    shift = index.entries().view().shift;
  }

  [[nodiscard]] constexpr route_view view() const noexcept {
    return {{entries.data(), turns.data(), S.turns - 1, shift},
            shapes.data(),
            order.data(),
            starts.data(),
            targets.data(),
            texts.data(),
            S.starts - 3};
  }
};

}  // namespace detail

/// Finds what answers a method and a path, from a table that is a constant: the same as `router`, made by the compiler.
///
///     constexpr tenon::http::route_line<handler*> table[] = {{method::get, "/users/{id}", &user},
///                                                       {method::get, "/files/{*rest}", &file}};
///     using site = tenon::http::routes<table>;
///     auto match = site::match(request.method, request.path, scratch);
///
/// Shape    No object and no heap: the table is in the program's constants, as hashes without collisions. What the
///          patterns, `scratch` and Slash mean is said at `router`, and so is the order.
/// Cost     match: as of router. Compiling takes steps of the compiler: a table of hundreds of lines may want clang's
///          -fconstexpr-steps, or -fconstexpr-ops-limit of g++, to be raised.
/// Threads  Any.
/// Errors   A pattern that router::add would refuse does not compile.
template <const auto& Table, trailing_slash Slash = trailing_slash::strict>
class routes {
  static constexpr detail::route_sizes sizes = detail::measure(Table);
  static_assert(detail::is_sound<sizes.fault.line, sizes.fault.why>,
                "tenon::http::routes<Table>: the pattern of this line is refused for this route_error; write it as the "
                "message of that error says");
  static constexpr detail::route_arrays<sizes> arrays{Table};
  static constexpr std::size_t count = std::size(Table);
  static constexpr auto names = [] {
    std::array<std::array<std::string_view, parameters::capacity>, count> out;
    for (std::size_t i = 0; i < count; ++i) out[i] = route_pattern(Table[i].pattern).names;
    return out;
  }();

 public:
  using target_type = decltype(Table[0].target);

  [[nodiscard]] static route_match<target_type> match(method which, std::string_view path,
                                                      std::span<char> scratch) noexcept {
    route_match<target_type> out;
    constexpr detail::route_view in = arrays.view();
    detail::match_route<Slash>(in, which, path, scratch, out,
                               [](route_match<target_type>& into, std::uint32_t found, std::size_t values) {
                                 into.target = &Table[found].target;
                                 if (values != 0) into.parameters.name(names[found].data(), values);
                               });
    return out;
  }

  /// The methods of all routes: the answer to `OPTIONS *`.
  [[nodiscard]] static constexpr method_set methods() noexcept {
    std::uint32_t bits = 0;
    for (const auto& one : Table) bits |= 1U << static_cast<unsigned>(one.method);
    return detail::with_head(bits);
  }
  [[nodiscard]] static constexpr std::size_t size() noexcept { return count; }
};

}  // namespace tenon::http
