// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/work.hpp>
#include <tenon/sync/detail/granted_wait.hpp>
#include <tenon/sync/detail/line.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>

namespace tenon::detail::syncing {

template <class Threading>
class choice;

/// How a case of a choice has ended.
enum class verdict : std::uint8_t {
  waits,      // it has not: nobody is there, or no room
  done,       // the value has gone over
  closed,     // the channel is closed, and has nothing left to give
  no_memory,  // an unbounded channel could not grow
};

template <class Threading>
struct offer;

/// What a channel is to a choice, whatever goes through it: a mutex, and those who wait at either end.
template <class Threading>
struct channel_base {
  [[no_unique_address]] mutable typename Threading::mutex mutex;
  line<offer<Threading>> senders;
  line<offer<Threading>> receivers;
  std::uint64_t turns = 0;
  bool closed = false;

  /// Under the mutex: the first of `from` that can still be had, which is had now. Those of choices that were made
  /// elsewhere, and have not come to take them back yet, fall out of the line.
  [[nodiscard]] static offer<Threading>* claim_first(line<offer<Threading>>& from) noexcept {
    while (offer<Threading>* const first = from.pop()) {
      if (first->of->claim(first->index)) return first;
    }
    return nullptr;
  }
};

/// One case of a choice, and its place in its channel's line. To send or to receive is a choice of one case.
template <class Threading>
struct offer : link {
  explicit offer(channel_base<Threading>& channel) noexcept : at(channel) {}

  channel_base<Threading>& at;
  line<offer>* in = nullptr;  // the line of `at` that it is put in
  choice<Threading>* of = nullptr;
  unsigned index = 0;
  verdict outcome = verdict::waits;

  /// Under the mutex, by who has claimed it: ended, and to be sent home.
  void end(verdict how, work_list& granted) noexcept {
    outcome = how;
    granted.push(static_cast<grant_item&>(*of));
  }

 protected:
  ~offer() = default;
};

/// Several cases of which exactly one happens.
///
/// A choice is published, all its cases at once, only when under the mutexes of all its channels none of them could
/// happen. The mutexes are taken in the order of their addresses. From then on its word says what has become of it:
///
///     open -> i (case i has happened) or canceled, by one CAS, once.
///
/// Exactly one  Who makes case i of it happen holds the mutex of its channel and has won the word; all others fail
///              their CAS and pass it over. Who is at work is itself not published: so a match needs one claim and
///              never two, and two choices that want each other at several channels cannot both win half of it.
/// No deadlock  Mutexes are taken in one order, and who waits for one holds only such as come before it. Nobody takes
///              one while a claim is half done: a claim is one CAS, and the value goes over under the mutex held.
/// None is lost A choice looks at all its channels and enters all lines while it holds all mutexes: who comes later to
///              one of them finds it in line, who came before was found.
/// It lives     Before it ends it takes back every offer but the winning one under its channel's mutex; whoever met it
///              there has left by then. The winning one was taken out by the winner, who touches nothing after the word
///              but the value, and sends it home with no mutex held.
///
/// Edges        The CAS of the word is relaxed: it decides who, not what is seen. The value goes with the channel's
///              mutex and with the way home.
/// Model: tests/model/choice.cpp.
template <class Threading>
class choice : public granted_wait {
  static constexpr unsigned open = static_cast<unsigned>(-1);
  static constexpr unsigned given_up = open - 1;

 public:
  /// Under the mutex of the channel of case `index`: true for the one who may make it happen.
  [[nodiscard]] bool claim(unsigned index) noexcept {
    unsigned nobody = open;
    return word_.compare_exchange_strong(nobody, index, std::memory_order_relaxed, std::memory_order_relaxed);
  }

 protected:
  choice() noexcept : granted_wait(&cancel, &arrive) {}
  ~choice() = default;

  /// Which case has happened.
  [[nodiscard]] unsigned chosen() const noexcept { return word_.load(std::memory_order_relaxed); }
  [[nodiscard]] bool canceled() const noexcept { return chosen() == given_up; }
  [[nodiscard]] bool happened() const noexcept { return chosen() != open; }
  /// While it is not published.
  void choose(unsigned index) noexcept { word_.store(index, std::memory_order_relaxed); }
  void give_up() noexcept { choose(given_up); }

  /// `offers` has room for all, and lives as long as this.
  void adopt(offer<Threading>** offers, offer<Threading>& one, unsigned index) noexcept {
    offers_ = offers;
    count_ = index + 1;
    one.of = this;
    one.index = index;
    unsigned at = index;
    for (; at != 0 && address(*offers_[at - 1]) > address(one); --at) offers_[at] = offers_[at - 1];
    offers_[at] = &one;
  }
  /// All its channels. Two cases may be of one.
  void lock() noexcept {
    for (unsigned i = 0; i < count_; ++i) {
      if (i == 0 || &offers_[i]->at != &offers_[i - 1]->at) offers_[i]->at.mutex.lock();
    }
  }
  void unlock() noexcept {
    for (unsigned i = count_; i-- != 0;) {
      if (i == 0 || &offers_[i]->at != &offers_[i - 1]->at) offers_[i]->at.mutex.unlock();
    }
  }
  /// Under the mutexes: with which case to begin to look. Multiples of the golden ratio, modulo 1: of cases that are
  /// always ready each has its share.
  [[nodiscard]] unsigned first_look() noexcept {
    if (count_ == 1) return 0;
    const std::uint64_t turn = ++offers_[0]->at.turns * 0x9E3779B97F4A7C15U;
    return static_cast<unsigned>(((turn >> 32U) * count_) >> 32U);
  }

  /// At home: a stop request has come.
  static void cancel(wait& base) noexcept {
    auto& self = static_cast<choice&>(base);
    if (!self.claim(given_up)) return;  // what has happened is on its way
    self.take_back();
    self.end_later();
  }

 private:
  [[nodiscard]] static std::uintptr_t address(const offer<Threading>& of) noexcept {
    return reinterpret_cast<std::uintptr_t>(&of.at);
  }

  static void arrive(work& item) noexcept {
    auto& self = static_cast<choice&>(static_cast<granted_wait&>(static_cast<grant_item&>(item)));
    self.take_back();
    self.end();
  }
  /// At home: leaves all lines but that of the case that has happened.
  void take_back() noexcept {
    for (unsigned i = 0; i < count_; ++i) {
      offer<Threading>& one = *offers_[i];
      if (one.index == chosen()) continue;
      const std::lock_guard hold(one.at.mutex);
      if (one.linked) one.in->remove(one);
    }
  }

  typename Threading::template atomic<unsigned> word_{open};
  offer<Threading>** offers_ = nullptr;
  unsigned count_ = 0;
};

}  // namespace tenon::detail::syncing
