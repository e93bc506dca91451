// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/config/document.hpp>
#include <tenon/config/outcome.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#if defined(TENON_WITH_TOML) && TENON_WITH_TOML
#include <toml++/toml.h>
#endif

namespace tenon::config {

#if defined(TENON_WITH_TOML) && TENON_WITH_TOML

namespace detail {

/// A key of [runtime] is a family, or one of these three.
inline std::string keys_listed() {
  return listed(families.data(), families.size(), ", ") + ", threads, blocking_threads or name";
}

inline std::string kind_of(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table: return "a table";
    case toml::node_type::array: return "an array";
    case toml::node_type::string: return "a string";
    case toml::node_type::integer: return "an integer";
    case toml::node_type::floating_point: return "a float";
    case toml::node_type::boolean: return "a boolean";
    default: return "a date or time";
  }
}

inline std::string read_entry(document& into, std::string_view key, const toml::node& node) {
  constexpr std::int64_t most_threads = 65535;
  const std::size_t line = node.source().begin.line;
  const auto wrong = [&](const std::string& what) { return at(into.source, line) + what; };
  const auto wrong_type = [&](std::string_view example) {
    return wrong(std::string(key) + " is " + kind_of(node) + "; write " + std::string(key) + " = " +
                 std::string(example));
  };
  if (key == "threads" || key == "blocking_threads") {
    const bool workers = key == "threads";
    const toml::value<std::int64_t>* const count = node.as_integer();
    if (count == nullptr) {
      return wrong_type(workers ? "4, an integer (0: as many as the machine has processors)" : "64, an integer");
    }
    if (count->get() < (workers ? 0 : 1) || count->get() > most_threads) {
      return wrong(std::string(key) + " = " + std::to_string(count->get()) + "; write an integer from " +
                   (workers ? "0 (as many as the machine has processors)" : "1") + " to " +
                   std::to_string(most_threads));
    }
    (workers ? into.threads : into.blocking_threads) = static_cast<std::size_t>(count->get());
    return {};
  }
  const toml::value<std::string>* const text = node.as_string();
  if (key == "name") {
    if (text == nullptr) return wrong_type("\"edge\", a string");
    into.name = text->get();
    return {};
  }
  for (const std::string_view family : families) {
    if (family != key) continue;
    if (text == nullptr) return wrong_type("\"WORD\", a string");
    into.words.push_back({family, text->get(), line});
    return {};
  }
  return wrong("unknown key " + in_quotes(key) + " in [runtime]; write " + keys_listed());
}

inline outcome<document> read_table(const toml::table& root, std::string_view source,
                                    std::initializer_list<std::string_view> other_tables) {
  document read;
  read.source = source;
  for (const auto& [key, node] : root) {
    const std::string_view name = key.str();
    if (name == "runtime") {
      const toml::table* const runtime = node.as_table();
      if (runtime == nullptr) {
        return outcome<document>::failure(at(source, node.source().begin.line) + "runtime is " + kind_of(node) +
                                          "; write a table, [runtime]");
      }
      for (const auto& [inner, value] : *runtime) {
        if (std::string what = read_entry(read, inner.str(), value); !what.empty()) {
          return outcome<document>::failure(std::move(what));
        }
      }
      continue;
    }
    bool known = false;
    for (const std::string_view other : other_tables) known = known || other == name;
    if (!known) {
      std::string allowed = "[runtime]";
      for (const std::string_view other : other_tables) allowed += ", [" + std::string(other) + ']';
      return outcome<document>::failure(at(source, key.source().begin.line) + "unknown key " + in_quotes(name) +
                                        "; write " + allowed);
    }
  }
  return read;
}

}  // namespace detail

/// Reads a configuration from `text`. `source` is its name in errors.
///
///     [runtime]
///     backend = "io_uring"
///     scheduling = "stealing"
///     threads = 4
///     blocking_threads = 16
///     name = "edge"
///
/// other_tables  Names at the top level that belong to the program and are not looked into.
/// Errors        The file, the line, what is wrong and what would be right: not TOML, a key twice, an unknown key, a
///               value of the wrong type or out of range. What words there are only `select` knows.
[[nodiscard]] inline outcome<document> parse(std::string_view text, std::string_view source,
                                             std::initializer_list<std::string_view> other_tables = {}) {
  const auto not_toml = [&](const toml::parse_error& error) {
    return outcome<document>::failure(detail::at(source, error.source().begin.line) + std::string(error.description()));
  };
#if TOML_EXCEPTIONS
  try {
    return detail::read_table(toml::parse(text, source), source, other_tables);
  } catch (const toml::parse_error& error) {
    return not_toml(error);
  }
#else
  const toml::parse_result parsed = toml::parse(text, source);
  return parsed ? detail::read_table(parsed.table(), source, other_tables) : not_toml(parsed.error());
#endif
}

/// Reads a configuration from a file.
///
/// Errors  As parse; and the file and why the system did not give it.
[[nodiscard]] inline outcome<document> load(const std::string& path,
                                            std::initializer_list<std::string_view> other_tables = {}) {
  const auto refused = [&path](int why) {
    return outcome<document>::failure(detail::at(path, 0) + std::strerror(why));
  };
  struct close {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
  };
  const std::unique_ptr<std::FILE, close> file(std::fopen(path.c_str(), "rbe"));
  if (!file) return refused(errno);
  std::string text;
  char room[4096];
  for (std::size_t got = 0; (got = std::fread(room, 1, sizeof room, file.get())) > 0;) text.append(room, got);
  if (std::ferror(file.get()) != 0) return refused(errno);
  return parse(text, path, other_tables);
}

#else

namespace detail {

template <class T>
inline constexpr bool door_is_open = false;

}  // namespace detail

template <class Path>
outcome<document> load(const Path&, std::initializer_list<std::string_view> = {}) {
  static_assert(
      detail::door_is_open<Path>,
      "tenon::config::load: the door of toml++ is closed; define TENON_WITH_TOML=1 (CMake: tenon::toml), or choose "
      "from a string with tenon::config::sentence");
  return document{};
}
template <class Text>
outcome<document> parse(const Text&, std::string_view, std::initializer_list<std::string_view> = {}) {
  static_assert(
      detail::door_is_open<Text>,
      "tenon::config::parse: the door of toml++ is closed; define TENON_WITH_TOML=1 (CMake: tenon::toml), or choose "
      "from a string with tenon::config::sentence");
  return document{};
}

#endif

}  // namespace tenon::config
