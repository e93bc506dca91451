// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/fwd.hpp>
#include <tenon/runtime/composition.hpp>

#include <string>
#include <string_view>
#include <type_traits>

namespace tenon {

namespace detail {

template <class Text>
void say(Text& sentence, std::string_view word, bool is_default) {
  if (!sentence.empty()) sentence += ", ";
  sentence += word;
  if (is_default) sentence += " (default)";
}

/// What silence means follows from the threading, but the threading itself from nothing.
template <class P, class Unsaid>
inline constexpr bool goes_without_saying =
    std::is_same_v<P, Unsaid> && (!std::is_base_of_v<family::threading, P> || std::is_same_v<P, multi_thread>);

template <class... Ps, class... Unsaid>
std::string describe(policy_list<Ps...> /*what it is*/, policy_list<Unsaid...> /*what silence would mean*/) {
  std::string sentence;
  (say(sentence, std::string_view{Ps::word}, goes_without_saying<Ps, Unsaid>), ...);
  return sentence;
}

}  // namespace detail

/// The sentence of a runtime type, one word a family, each that would have been meant anyway marked: "epoll (default),
/// affinity<>, recycling<system> (default), ...". R may be a struct derived from a runtime.
template <class R>
[[nodiscard]] std::string describe() {
  using unsaid = detail::resolved<detail::entries<>, typename R::threading>;
  return detail::describe(typename R::policies{}, typename unsaid::policies{});
}

/// The same of an object, and below it a line for each thing that is not as the type says on this machine: what the
/// backend fell back to, say.
template <class R>
[[nodiscard]] std::string describe(const R& runtime) {
  std::string text = describe<R>();
  if (const std::string notes = runtime.notes(); !notes.empty()) text += '\n' + notes;
  return text;
}

}  // namespace tenon
