// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/config/outcome.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tenon::config {

/// The families by name, in the order of a runtime's policies: the keys of a file whose values are words.
inline constexpr std::array<std::string_view, 10> families{"backend",   "scheduling", "memory", "queue",  "topology",
                                                           "threading", "observe",    "clock",  "errors", "context"};

/// What a file or a string asks of a runtime: words, which choose among the types that a program offers, and numbers.
///
/// source   Where it was read, for errors.
/// words    In the order in which they stand there. The family is empty where only the word is there.
/// threads, blocking_threads, name   Absent: what `settings` has.
struct document {
  struct entry {
    std::string_view family;  ///< one of `families`, or empty
    std::string word;
    std::size_t line = 0;  ///< from 1; 0 where there are no lines
  };

  std::string source;
  std::vector<entry> words;
  std::optional<std::size_t> threads;
  std::optional<std::size_t> blocking_threads;
  std::optional<std::string> name;
};

namespace detail {

// Templates, here and in menu.hpp, so that a program that selects nothing does not compile them.

template <class Text>
std::string in_quotes(const Text& text) {
  return '"' + std::string(text) + '"';
}

/// "tenon.toml:3: ", or with line 0 "tenon.toml: ".
template <class Text>
std::string at(const Text& source, std::size_t line) {
  std::string place(source);
  if (line != 0) place += ':' + std::to_string(line);
  return place += ": ";
}

/// "a, b or c".
template <class Word>
std::string listed(const Word* words, std::size_t count, std::string_view last = " or ") {
  std::string list;
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) list += i + 1 == count ? last : std::string_view{", "};
    list += words[i];
  }
  return list;
}

inline std::string_view trimmed(std::string_view text) noexcept {
  constexpr std::string_view blank = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(blank);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(blank) - begin + 1);
}

}  // namespace detail

/// A sentence as one writes it: "io_uring, stealing, mimalloc". What `describe` gives can be read back.
///
/// Errors  An empty word, a bracket that does not close. What words there are only `select` knows.
template <std::convertible_to<std::string_view> Text, class Document = document>
[[nodiscard]] outcome<Document> sentence(const Text& said) {
  const std::string_view text = said;
  constexpr std::string_view mark = " (default)";
  Document read;
  read.source = detail::in_quotes(text);
  const auto wrong = [&](std::string_view what) {
    return outcome<Document>::failure(read.source + ": " + std::string(what));
  };
  if (detail::trimmed(text).empty()) return read;
  std::size_t begin = 0;
  std::size_t depth = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size()) {
      if (text[i] == '<') ++depth;
      if (text[i] == '>' && depth-- == 0) return wrong("a > that opens nowhere; write the word as in spsc<64>");
      if (text[i] != ',' || depth > 0) continue;
    }
    std::string_view word = detail::trimmed(text.substr(begin, i - begin));
    if (word.ends_with(mark)) word.remove_suffix(mark.size());
    if (word.empty()) return wrong("a word is missing beside a comma; write words with a comma between each two");
    read.words.push_back({{}, std::string(word), 0});
    begin = i + 1;
  }
  if (depth > 0) return wrong("a < that is not closed; write the word as in spsc<64>");
  return read;
}

}  // namespace tenon::config
