// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/config/document.hpp>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace tenon::config {

/// The words of one family among which a program lets its configuration choose.
struct menu {
  std::size_t family;  ///< an index into `families`
  const std::string_view* words;
  std::size_t count;
};

namespace detail {

/// A word is also named without what is in its brackets: "spsc" for "spsc<64>".
inline bool is_bare(std::string_view asked, std::string_view word) noexcept {
  return word.size() > asked.size() && word[asked.size()] == '<' && word.starts_with(asked);
}
inline bool names(std::string_view asked, std::string_view word) noexcept {
  return asked == word || is_bare(asked, word);
}

/// How many words of a menu are meant, and the last of them; one that is spelled out is meant alone.
struct match {
  std::size_t count = 0;
  std::size_t index = 0;
};
inline match look_up(std::string_view asked, const menu& from) noexcept {
  match found;
  for (std::size_t i = 0; i < from.count; ++i) {
    if (from.words[i] == asked) return {1, i};
    if (is_bare(asked, from.words[i])) found = {found.count + 1, i};
  }
  return found;
}

template <class Document>
std::string place_of(const Document& asked, const typename Document::entry& entry) {
  return at(asked.source, entry.line) + (entry.family.empty() ? std::string{} : std::string(entry.family) + " = ") +
         in_quotes(entry.word);
}
template <class Menu>
std::string offer(const Menu& from) {
  return listed(from.words, from.count);
}

/// Turns what is asked into one index a menu; gives the sentence that says what is wrong, or an empty one. Words that
/// are on no menu are left to `contradiction`, which sees what the program has without being asked.
template <class Document>
std::string choose(const Document& asked, const menu* menus, std::size_t count, std::size_t* chosen) {
  std::array<const typename Document::entry*, families.size()> taken{};
  for (std::size_t i = 0; i < count; ++i) chosen[i] = 0;
  for (const auto& entry : asked.words) {
    for (std::size_t i = 0; i < count; ++i) {
      const menu& from = menus[i];
      const bool keyed = entry.family == families[from.family];
      if (!keyed && !entry.family.empty()) continue;
      const match found = look_up(entry.word, from);
      if (found.count == 0 && !keyed) continue;
      if (found.count == 0) return place_of(asked, entry) + " is none of the words here; write " + offer(from);
      if (found.count > 1)
        return place_of(asked, entry) + " may be more than one word; write " + offer(from) + " in full";
      if (auto& before = taken[from.family]; before != nullptr) {
        return place_of(asked, entry) + ": there is " + in_quotes(before->word) + " for " +
               std::string(families[from.family]) + " already; keep one of them";
      } else {
        before = &entry;
      }
      chosen[i] = found.index;
      break;
    }
  }
  return {};
}

/// What is asked that a runtime of these words (one a family) does not have, as a sentence, or an empty one.
template <class Document>
std::string contradiction(const Document& asked, const menu* menus, std::size_t count,
                          const std::array<std::string_view, families.size()>& words, bool concurrent) {
  for (const auto& entry : asked.words) {
    bool meant = false;
    for (std::size_t i = 0; i < families.size(); ++i) {
      if (!entry.family.empty() && entry.family != families[i]) continue;
      meant = meant || names(entry.word, words[i]);
      if (!meant && !entry.family.empty()) {
        return place_of(asked, entry) + ", but this program is made with " + std::string(words[i]) +
               "; write that, or leave " + std::string(families[i]) + " out";
      }
    }
    if (meant) continue;
    std::string allowed;
    for (std::size_t i = 0; i < count; ++i) allowed += (i > 0 ? "; " : "") + offer(menus[i]);
    return place_of(asked, entry) + " is none of the words here; write " + allowed;
  }
  if (asked.threads && *asked.threads > 1 && !concurrent) {
    return at(asked.source, 0) + "threads = " + std::to_string(*asked.threads) +
           ", but with single_thread there is one; leave threads out, or choose multi_thread";
  }
  if (asked.blocking_threads && !concurrent) {
    return at(asked.source, 0) + "blocking_threads = " + std::to_string(*asked.blocking_threads) +
           ", but with single_thread there are none; leave blocking_threads out, or choose multi_thread";
  }
  return {};
}

/// The sentence for words that do not go together.
template <class Document>
std::string discord(const Document& asked, const menu* menus, std::size_t count, const std::size_t* chosen) {
  std::string words;
  for (std::size_t i = 0; i < count; ++i) words += (i > 0 ? ", " : "") + std::string(menus[i].words[chosen[i]]);
  return at(asked.source, 0) + words + " do not go together; see docs/legality.md for what does";
}

}  // namespace detail

}  // namespace tenon::config
