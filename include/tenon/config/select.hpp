// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/config/document.hpp>
#include <tenon/config/menu.hpp>
#include <tenon/config/outcome.hpp>
#include <tenon/core/policy.hpp>
#include <tenon/fwd.hpp>
#include <tenon/runtime/composition.hpp>
#include <tenon/runtime/contract.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace tenon {

namespace detail {

/// The words of one family that a configuration may choose among; the first is meant where it says nothing.
template <class Family, class... Ps>
struct choice {
  static constexpr bool some = sizeof...(Ps) > 0;
  static constexpr bool whole = ((place_of<Ps> >= place::backend) && ...);
  static constexpr bool one_family = ((place_of<Ps> == family_place<Family>) && ...);
};

}  // namespace detail

template <class... Ps>
struct backends : detail::choice<family::backend, Ps...> {};
template <class... Ps>
struct schedulings : detail::choice<family::scheduling, Ps...> {};
template <class... Ps>
struct memories : detail::choice<family::memory, Ps...> {};
template <class... Ps>
struct queues : detail::choice<family::queue, Ps...> {};
template <class... Ps>
struct topologies : detail::choice<family::topology, Ps...> {};
template <class... Ps>
struct threadings : detail::choice<family::threading, Ps...> {};
template <class... Ps>
struct observers : detail::choice<family::observe, Ps...> {};
template <class... Ps>
struct clocks : detail::choice<family::clock, Ps...> {};
template <class... Ps>
struct on_errors : detail::choice<family::errors, Ps...> {};
template <class... Ps>
struct contexts : detail::choice<family::context, Ps...> {};

namespace detail {

template <class Family, class... Ps>
policy_list<Ps...> choice_words(const choice<Family, Ps...>*);
template <class List>
using words = decltype(detail::choice_words(static_cast<List*>(nullptr)));
template <class Family, class... Ps>
Family choice_family(const choice<Family, Ps...>*);
template <class T>
concept is_choice = requires(const T* list) { detail::choice_words(list); };

/// What select was given, taken apart: the lists of words, and what is the same in every branch.
template <class Lists, class Fixed, class... Given>
struct sorted {
  using lists = Lists;
  using fixed = Fixed;
};
template <class... Lists, class... Fixed, class First, class... Rest>
struct sorted<policy_list<Lists...>, policy_list<Fixed...>, First, Rest...>
    : std::conditional_t<is_choice<First>, sorted<policy_list<Lists..., First>, policy_list<Fixed...>, Rest...>,
                         sorted<policy_list<Lists...>, policy_list<Fixed..., First>, Rest...>> {};

template <class... Ps>
inline constexpr std::array<std::string_view, sizeof...(Ps)> spelled{std::string_view{Ps::word}...};
template <class... Ps>
constexpr config::menu menu_of(std::size_t family, policy_list<Ps...> /*words*/) noexcept {
  return {family, spelled<Ps...>.data(), sizeof...(Ps)};
}
template <class... Ps>
constexpr const auto& spelled_in(policy_list<Ps...> /*words*/) noexcept {
  return spelled<Ps...>;
}
template <class First, class... Rest>
First head_of(policy_list<First, Rest...>);

template <class Answer>
inline constexpr bool is_accepted = false;
template <class R>
inline constexpr bool is_accepted<accepted<R>> = true;
template <class Answer>
using runtime_of = decltype(detail::stand_for(static_cast<Answer*>(nullptr)));

/// Calls f with a runtime made in its parameter, where it stays: a runtime does not move. An f that takes a reference
/// gets one.
template <class R, class F>
decltype(auto) call_with(F& f, typename R::settings&& how_much) {
  if constexpr (requires { f(R(std::move(how_much))); }) {
    return f(R(std::move(how_much)));
  } else {
    R runtime(std::move(how_much));
    return f(runtime);
  }
}

template <class Result, class F, class Lists, class Fixed>
class selection;

template <class Result, class F, class... Lists, class... Fixed>
class selection<Result, F, policy_list<Lists...>, policy_list<Fixed...>> {
 public:
  using outcome = config::outcome<Result>;

  selection(const config::document& asked, F& f) noexcept : asked_(asked), f_(f) {}

  outcome run() {
    if (std::string wrong = config::detail::choose(asked_, menus, count, chosen_); !wrong.empty()) {
      return outcome::failure(std::move(wrong));
    }
    return descend<Fixed...>(chosen_, policy_list<Lists...>{});
  }

 private:
  static constexpr std::size_t count = sizeof...(Lists);
  static constexpr config::menu menus[] = {detail::menu_of(
      static_cast<std::size_t>(family_place<decltype(detail::choice_family(static_cast<Lists*>(nullptr)))>),
      words<Lists>{})...};

  template <class... Said, class List, class... Rest>
  outcome descend(const std::size_t* index, policy_list<List, Rest...> /*to choose from*/) {
    return choose<Said...>(index, words<List>{}, policy_list<Rest...>{});
  }
  template <class... Said, class... Ps, class Rest>
  outcome choose(const std::size_t* index, policy_list<Ps...> /*words*/, Rest rest) {
    std::optional<outcome> out;
    std::size_t i = 0;
    (void)((*index == i++ && (out.emplace(descend<Said..., Ps>(index + 1, rest)), true)) || ...);
    return *std::move(out);
  }
  template <class... Said>
  outcome descend(const std::size_t* /*none left*/, policy_list<> /*nothing*/) {
    if constexpr (is_accepted<answer<Said...>>) {
      return branch<runtime_of<answer<Said...>>>();
    } else {
      return outcome::failure(config::detail::discord(asked_, menus, count, chosen_));
    }
  }

  template <class R>
  outcome branch() {
    if (std::string wrong = config::detail::contradiction(
            asked_, menus, count, detail::spelled_in(typename R::policies{}), R::threading::concurrent);
        !wrong.empty()) {
      return outcome::failure(std::move(wrong));
    }
    typename R::settings how_much;
    if constexpr (R::threading::concurrent) {
      if (asked_.threads) how_much.threads = *asked_.threads;
      if (asked_.blocking_threads) how_much.blocking_threads = *asked_.blocking_threads;
    }
    if (asked_.name) how_much.name = *asked_.name;
    if constexpr (std::is_void_v<Result>) {
      detail::call_with<R>(f_, std::move(how_much));
      return {};
    } else {
      return detail::call_with<R>(f_, std::move(how_much));
    }
  }

  const config::document& asked_;
  F& f_;
  std::size_t chosen_[count] = {};
};

template <bool Some, bool Whole, bool OneFamily>
struct refused_list {
  static_assert(Some, "tenon::select<...>: a list without a word; name at least the one to use");
  static_assert(
      Whole,
      "tenon::select<...>: a list holds something that is not a complete policy; is its door closed? try it in "
      "tenon::runtime<...>, which says more");
  static_assert(!Some || !Whole || OneFamily,
                "tenon::select<...>: a list holds a word of another family; backends<...> takes backends, and so on");
};

/// What select was given. `plain` is the answer to the first word of each list among the rest of the sentence, which is
/// what an empty configuration means, or the class that says why there is none.
template <class Lists, class Fixed>
struct plan_of;
template <class... Lists, class... Fixed>
struct plan_of<policy_list<Lists...>, policy_list<Fixed...>> {
  using lists = policy_list<Lists...>;
  using fixed = policy_list<Fixed...>;

  static auto first() {
    constexpr bool some = (Lists::some && ...);
    constexpr bool whole = (Lists::whole && ...);
    constexpr bool one_family = (Lists::one_family && ...);
    if constexpr (some && whole && one_family) {
      return std::type_identity<answer<Fixed..., decltype(detail::head_of(words<Lists>{}))...>>{};
    } else {
      return std::type_identity<refused_list<some, whole, one_family>>{};
    }
  }
  using plain = typename decltype(first())::type;
};
template <class... Choices>
struct plan : plan_of<typename sorted<policy_list<>, policy_list<>, Choices...>::lists,
                      typename sorted<policy_list<>, policy_list<>, Choices...>::fixed> {};
template <class Plan, class Plain>
class selector {
 public:
  template <class F>
  [[nodiscard]] auto operator()(const config::document& asked, F&& f) const {
    return selection_for<F>(asked, f).run();
  }
  template <std::same_as<config::document> Document, class F>
  [[nodiscard]] auto operator()(const config::outcome<Document>& asked, F&& f) const {
    return asked ? (*this)(*asked, f) : selection_for<F>::outcome::failure(asked.error());
  }
  template <std::convertible_to<std::string_view> Text, class F>
  [[nodiscard]] auto operator()(const Text& sentence, F&& f) const {
    return (*this)(config::sentence(sentence), f);
  }

 private:
  template <class F>
  using result_of = std::decay_t<decltype(detail::call_with<Plain>(std::declval<F&>(), typename Plain::settings{}))>;
  template <class F>
  using selection_for = selection<result_of<F>, std::remove_reference_t<F>, typename Plan::lists, typename Plan::fixed>;
};

}  // namespace detail

/// Chooses a runtime when the program starts, among types that were all made when it was compiled, and calls `f` once
/// with an object of the chosen one.
///
///     int rc = tenon::select<tenon::backends<tenon::epoll, tenon::io_uring<>>,      // the configuration chooses
///                            tenon::schedulings<tenon::stealing<>, tenon::fifo>,    // and here
///                            tenon::counters>(                                      // the same in all of them
///         tenon::config::load("tenon.toml"), [](auto rt) { return rt.run(serve(rt)); });
///
/// Choices  Lists of words, one a family at most (`backends`, `schedulings`, `memories`, `queues`, `topologies`,
///          `threadings`, `observers`, `clocks`, `on_errors`, `contexts`), of which the first word is meant
///          where the configuration says nothing; and policies and presets that are part of every sentence. f is
///          compiled for each combination of words that go together.
/// asked    A `config::document`; what `config::load`, `config::parse` or `config::sentence` gave, whose error is
///          passed on; or a sentence: "io_uring, stealing, mimalloc".
/// f        Takes the runtime by value (it is made in the parameter, for it does not move) or by reference, and gives
///          the same type for each.
/// Cost     One comparison a word of each list, once; after that nothing is left of the choice.
/// Errors   The error of `asked`; a word that is not offered, with those that are; two words for one family; words that
///          do not go together; threads for a runtime of one. What the runtime's constructor and f throw comes through.
template <class... Choices>
inline constexpr detail::selector<detail::plan<Choices...>,
                                  decltype(detail::stand_for(
                                      static_cast<typename detail::plan<Choices...>::plain*>(nullptr)))>
    select{};

}  // namespace tenon
