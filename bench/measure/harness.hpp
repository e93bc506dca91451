// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <concepts>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

/// What every benchmark suite is written with.
///
///     int main(int argc, char** argv) {
///       measure::suite suite{"queues"};
///       auto& pair = suite.add("push and pop", "ns per item", 1'000'000);
///       pair.ours("spsc", [](long items) { ... });                      // does that much work; the harness times it
///       pair.peer("boost spsc_queue", [](long items) -> double { ... });  // or gives the sample itself
///       return suite.run(argc, argv);
///     }
///
/// All contenders of a case run interleaved: a warm-up round, then rounds in which the order rotates; what counts is
/// the median of each. A row of the results stands for one of ours against one contender: each peer, or those it names.
namespace measure {

using clock = std::chrono::steady_clock;

/// Nanoseconds since `start`.
inline double nanoseconds_since(clock::time_point start) {
  return std::chrono::duration<double, std::nano>(clock::now() - start).count();
}

/// The compiler must have the value at this point, and cannot tell who reads it.
template <class T>
inline void keep(const T& value) {
  asm volatile("" : : "r,m"(value) : "memory");
}

struct contender {
  std::string name;
  std::function<double(long)> sample;  // work of so many items, in the unit of the case
  bool is_ours = false;
  std::vector<std::string> against;  // those it is compared with, each peer when empty
  std::vector<double> samples;

  double median() const {
    auto sorted = samples;
    const auto middle = sorted.begin() + std::ptrdiff_t(sorted.size() / 2);
    std::nth_element(sorted.begin(), middle, sorted.end());
    if (sorted.size() % 2 == 1) return *middle;
    return (*middle + *std::max_element(sorted.begin(), middle)) / 2;
  }
};

/// One question, put to several contenders.
class experiment {
 public:
  /// `Sample` takes the number of items to work through. Gives it nothing, it is timed: nanoseconds an item. Gives it
  /// a double, that is the sample, less is better.
  template <std::invocable<long> Sample>
  experiment& ours(std::string who, Sample sample, std::vector<std::string> against = {}) {
    contenders.push_back({std::move(who), timed(std::move(sample)), true, std::move(against), {}});
    return *this;
  }
  template <std::invocable<long> Sample>
  experiment& peer(std::string who, Sample sample) {
    contenders.push_back({std::move(who), timed(std::move(sample)), false, {}, {}});
    return *this;
  }

  /// Counts the instructions too, as what twice so many items cost above so many. For work of one thread that does not
  /// spin: under valgrind threads take turns.
  experiment& counted(long so_many) {
    counted_items = so_many;
    return *this;
  }
  /// Rounds of this case in place of the usual 11, say where one takes a second.
  experiment& rounds(int so_many) {
    full_rounds = so_many;
    return *this;
  }

  std::string name, unit;
  long items;
  long counted_items = 0;
  int full_rounds = 11;
  std::vector<contender> contenders;

  experiment(std::string what, std::string measured_in, long how_many)
      : name(std::move(what)), unit(std::move(measured_in)), items(how_many) {}

 private:
  template <class Sample>
  static std::function<double(long)> timed(Sample sample) {
    if constexpr (std::is_void_v<std::invoke_result_t<Sample&, long>>) {
      return [sample = std::move(sample)](long how_many) mutable {
        const auto start = clock::now();
        sample(how_many);
        return nanoseconds_since(start) / double(how_many);
      };
    } else {
      return sample;
    }
  }
};

/// A suite is a program: its cases, and what the command line asks of them.
class suite {
 public:
  explicit suite(std::string name) : name_(std::move(name)) {}

  /// `items` is how much work one sample is, with --quick a tenth.
  experiment& add(std::string name, std::string unit, long items) {
    cases_.push_back(std::make_unique<experiment>(std::move(name), std::move(unit), items));
    return *cases_.back();
  }

  /// Said once at the start, for instance which peer is left out and what package it is in.
  void note(std::string text) { notes_.push_back(std::move(text)); }

  int run(int argc, char** argv) {
    const std::vector<std::string> words(argv + 1, argv + argc);
    for (std::size_t i = 0; i < words.size(); ++i) {
      const auto& word = words[i];
      const auto left = words.size() - i - 1;
      if (word == "--help" || word == "-h") return help(argv[0]);
      if (word == "--list") return list();
      if (word == "--quick") {
        quick_ = true;
      } else if (word == "--json" && left >= 1) {
        json_ = words[++i];
      } else if (word == "--samples" && left >= 1) {
        samples_ = words[++i];
      } else if (word == "--only" && left >= 1) {
        only_.push_back(words[++i]);
        if (!find(only_.back())) return wrong("no case is called " + only_.back() + "; see --list");
      } else if (word == "--rounds" && left >= 1) {
        rounds_ = number(words[++i]);
        if (rounds_ < 1) return wrong("--rounds takes a number of at least 1, not " + words[i]);
      } else if (word == "--once" && left >= 2) {
        once_ = i + 1;
        i += 2;
      } else if (word == "--items" && left >= 1) {
        items_ = number(words[++i]);
        if (items_ < 1) return wrong("--items takes a number of at least 1, not " + words[i]);
      } else {
        return wrong((word.starts_with("--") ? "unknown or incomplete option " : "unexpected word ") + word);
      }
    }
    return once_ ? once(words[once_], words[once_ + 1]) : all();
  }

 private:
  static long number(const std::string& text) {
    long value = 0;
    const auto end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, value);
    return error == std::errc{} && stopped == end ? value : 0;
  }

  int wrong(const std::string& why) const {
    std::fprintf(stderr, "%s: %s (--help lists the options)\n", name_.c_str(), why.c_str());
    return 2;
  }

  int help(const char* program) const {
    std::printf(
        "usage: %s [--json FILE] [--samples FILE] [--quick] [--only CASE]... [--rounds N] [--items N]\n"
        "       %s --once CASE CONTENDER [--items N]\n"
        "       %s --list\n"
        "Suite %s: measures ours and the peers interleaved and prints each median.\n"
        "  --json FILE     writes the rows: each of ours against each peer, ratio below 1 = ours better\n"
        "  --samples FILE  writes every sample\n"
        "  --quick         a tenth of the work, 3 rounds: does it run, not how fast\n"
        "  --only CASE     this case alone, and others named so\n"
        "  --once          does the work of one contender once and nothing else: for a profiler\n"
        "  --list          cases and contenders: case, contender, ours or peer, items to count instructions of, unit\n",
        program, program, program, name_.c_str());
    return 0;
  }

  int list() const {
    for (const auto& one : cases_) {
      for (const auto& who : one->contenders) {
        std::printf("%s\t%s\t%s\t%ld\t%s\n", one->name.c_str(), who.name.c_str(), who.is_ours ? "ours" : "peer",
                    one->counted_items, one->unit.c_str());
      }
    }
    return 0;
  }

  experiment* find(std::string_view name) const {
    for (const auto& one : cases_) {
      if (one->name == name) return one.get();
    }
    return nullptr;
  }

  int once(const std::string& name, const std::string& contender_name) const {
    const auto* one = find(name);
    if (!one) return wrong("no case is called " + name + "; see --list");
    for (const auto& who : one->contenders) {
      if (who.name != contender_name) continue;
      keep(who.sample(items_ ? items_ : one->items));
      return 0;
    }
    return wrong(name + " has no contender " + contender_name + "; see --list");
  }

  int all() {
    for (const auto& text : notes_) std::fprintf(stderr, "%s: %s\n", name_.c_str(), text.c_str());
    for (const auto& one : cases_) {
      if (!only_.empty() && std::find(only_.begin(), only_.end(), one->name) == only_.end()) continue;
      measure_one(*one);
    }
    if (!json_.empty() && !write(json_, rows())) return wrong("cannot write " + json_);
    if (!samples_.empty() && !write(samples_, samples())) return wrong("cannot write " + samples_);
    return 0;
  }

  void measure_one(experiment& one) {
    const long items = items_ ? items_ : quick_ ? std::max(one.items / 10, 1L) : one.items;
    const long rounds = rounds_ ? rounds_ : quick_ ? 3 : one.full_rounds;
    const auto count = one.contenders.size();
    std::printf("%s, %s, %ld rounds of %ld\n", one.name.c_str(), one.unit.c_str(), rounds, items);
    std::fflush(stdout);
    for (long round = 0; round <= rounds; ++round) {
      for (std::size_t i = 0; i < count; ++i) {
        auto& who = one.contenders[(i + std::size_t(round)) % count];
        const double sample = who.sample(items);
        if (round) who.samples.push_back(sample);
      }
    }
    for (const auto& who : one.contenders) {
      const auto [least, most] = std::minmax_element(who.samples.begin(), who.samples.end());
      std::printf("  %-32s %12.2f  (%.2f to %.2f)\n", who.name.c_str(), who.median(), *least, *most);
    }
    std::fflush(stdout);
  }

  static std::string text(std::string_view value) {
    std::string out = "\"";
    for (const char c : value) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    return out += '"';
  }
  static std::string text(double value) {
    char out[32];
    std::snprintf(out, sizeof out, "%.6g", std::isfinite(value) ? value : 0);
    return out;
  }

  std::string rows() const {
    std::string out;
    for (const auto& one : cases_) {
      for (const auto& subject : one->contenders) {
        if (!subject.is_ours || subject.samples.empty()) continue;
        for (const auto& peer : one->contenders) {
          const auto& named = subject.against;
          if (named.empty() ? peer.is_ours : std::find(named.begin(), named.end(), peer.name) == named.end()) continue;
          const double mine = subject.median(), theirs = peer.median();
          out += (out.empty() ? "" : ",\n ") + ("{\"suite\": " + text(name_)) + ", \"case\": " + text(one->name) +
                 ", \"subject\": " + text(subject.name) + ", \"peer\": " + text(peer.name) +
                 ", \"unit\": " + text(one->unit) + ", \"subject_median\": " + text(mine) +
                 ", \"peer_median\": " + text(theirs) + ", \"ratio\": " + text(mine / theirs) + "}";
        }
      }
    }
    return "[" + out + "]\n";
  }

  std::string samples() const {
    std::string out;
    for (const auto& one : cases_) {
      for (const auto& who : one->contenders) {
        if (who.samples.empty()) continue;
        out += (out.empty() ? "" : ",\n ") + ("{\"case\": " + text(one->name)) + ", \"contender\": " + text(who.name) +
               ", \"unit\": " + text(one->unit) + ", \"samples\": [";
        for (std::size_t i = 0; i < who.samples.size(); ++i) out += (i ? ", " : "") + text(who.samples[i]);
        out += "]}";
      }
    }
    return "[" + out + "]\n";
  }

  static bool write(const std::string& file, const std::string& what) {
    std::ofstream out(file);
    out << what;
    out.close();
    return bool(out);
  }

  std::string name_;
  std::vector<std::unique_ptr<experiment>> cases_;
  std::vector<std::string> notes_, only_;
  std::string json_, samples_;
  std::size_t once_ = 0;  // where the words of --once are, 0 = not asked for
  long items_ = 0, rounds_ = 0;
  bool quick_ = false;
};

}  // namespace measure
