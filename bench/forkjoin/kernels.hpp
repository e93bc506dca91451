// SPDX-License-Identifier: BSL-1.0
// The kernels, written once for all contenders. `Fork` says how branches are run:
//   Fork::all(f, g, ...)   runs each, in any order or at once; their results as a tuple (std::monostate for void)
//   Fork::sum<R>(n, body)  the sum of body(0) ... body(n - 1), each a branch
// The base cases and what is checked are the same for everybody. FORKJOIN_RECURSIVE is what the serial program puts
// before the functions that call themselves.
#pragma once

#include "contender.hpp"
#include "sha1.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#if !defined(FORKJOIN_RECURSIVE)
#define FORKJOIN_RECURSIVE
#endif

namespace forkjoin {

/// What a branch gives, where void is a value.
template <class F>
auto value_of(F&& f) {
  if constexpr (std::is_void_v<std::invoke_result_t<F&>>) {
    f();
    return std::monostate{};
  } else {
    return f();
  }
}
template <class F>
using value_type = decltype(value_of(std::declval<F&>()));

/// Room for the results of `n` branches: on the stack while they are few.
template <class R>
class results {
 public:
  explicit results(int n) : many_(n > few ? static_cast<std::size_t>(n) : 0) {}
  R& operator[](int i) {
    const auto at = static_cast<std::size_t>(i);
    return many_.empty() ? own_[at] : many_[at];
  }
  R sum(int n) {
    R all{};
    for (int i = 0; i < n; ++i) all += (*this)[i];
    return all;
  }

 private:
  static constexpr int few = 16;
  std::array<R, few> own_;
  std::vector<R> many_;
};

// fib: nothing but forks.

template <class Fork>
FORKJOIN_RECURSIVE long fib(long n) {
  if (n < 2) return n;
  auto [a, b] = Fork::all([=] { return fib<Fork>(n - 1); }, [=] { return fib<Fork>(n - 2); });
  return a + b;
}

// skynet: ten branches a node, the leaves are numbered and added up.

template <class Fork>
FORKJOIN_RECURSIVE long skynet(long first, long leaves) {
  if (leaves == 1) return first;
  const long part = leaves / 10;
  return [&]<long... I>(std::integer_sequence<long, I...>) {
    const auto sums = Fork::all([=] { return skynet<Fork>(first + I * part, part); }...);
    return (std::get<static_cast<std::size_t>(I)>(sums) + ...);
  }(std::make_integer_sequence<long, 10>());
}

// nqueens, as in Cilk-5: each safe place of the next queen is a branch with a board of its own.

inline constexpr int most_queens = 16;
using board = std::array<std::int8_t, most_queens>;

inline bool safe(const board& rows, int count, int row) {
  for (int i = 0; i < count; ++i) {
    const int other = rows[static_cast<std::size_t>(i)];
    if (other == row || other - row == count - i || row - other == count - i) return false;
  }
  return true;
}

template <class Fork>
FORKJOIN_RECURSIVE long nqueens(int n, int placed, const board& rows) {
  if (placed == n) return 1;
  board places;
  int count = 0;
  for (int row = 0; row < n; ++row) {
    if (safe(rows, placed, row)) places[static_cast<std::size_t>(count++)] = static_cast<std::int8_t>(row);
  }
  return Fork::template sum<long>(count, [&](int i) {
    board next = rows;
    next[static_cast<std::size_t>(placed)] = places[static_cast<std::size_t>(i)];
    return nqueens<Fork>(n, placed + 1, next);
  });
}

// matmul: the longest side is halved. Halves of the inner one add to the same place, so they run one after the other.

struct block {  // rows are `pitch` apart
  double* at;
  std::size_t pitch;
  block from(std::size_t row, std::size_t column) const { return {at + row * pitch + column, pitch}; }
};

inline constexpr std::size_t matmul_base = 32;

/// c += a * b, a base case.
[[gnu::noinline]] inline void multiply(block a, block b, block c, std::size_t m, std::size_t n, std::size_t p) {
  for (std::size_t i = 0; i < m; ++i) {
    double* __restrict to = c.at + i * c.pitch;
    for (std::size_t k = 0; k < n; ++k) {
      const double factor = a.at[i * a.pitch + k];
      const double* __restrict row = b.at + k * b.pitch;
      for (std::size_t j = 0; j < p; ++j) to[j] += factor * row[j];
    }
  }
}

template <class Fork>
FORKJOIN_RECURSIVE void matmul(block a, block b, block c, std::size_t m, std::size_t n, std::size_t p) {
  if (m <= matmul_base && n <= matmul_base && p <= matmul_base) return multiply(a, b, c, m, n, p);
  if (m >= n && m >= p) {
    const std::size_t half = m / 2;
    Fork::all([=] { matmul<Fork>(a, b, c, half, n, p); },
              [=] { matmul<Fork>(a.from(half, 0), b, c.from(half, 0), m - half, n, p); });
  } else if (p >= n) {
    const std::size_t half = p / 2;
    Fork::all([=] { matmul<Fork>(a, b, c, m, n, half); },
              [=] { matmul<Fork>(a, b.from(0, half), c.from(0, half), m, n, p - half); });
  } else {
    const std::size_t half = n / 2;
    matmul<Fork>(a, b, c, m, half, p);
    matmul<Fork>(a.from(0, half), b.from(half, 0), c, m, n - half, p);
  }
}

// cilksort: four quarters are sorted, pairs of them merged, the two halves merged; merges fork as well.

inline constexpr std::size_t sort_base = 2048;
inline constexpr std::size_t merge_base = 2048;

template <class Fork>
FORKJOIN_RECURSIVE void merge(std::span<const int> a, std::span<const int> b, int* to) {
  if (a.size() < b.size()) std::swap(a, b);
  if (a.size() + b.size() <= merge_base || b.empty()) {
    std::merge(a.begin(), a.end(), b.begin(), b.end(), to);
    return;
  }
  const std::size_t left = a.size() / 2;
  const auto right = static_cast<std::size_t>(std::lower_bound(b.begin(), b.end(), a[left]) - b.begin());
  Fork::all([=] { merge<Fork>(a.first(left), b.first(right), to); },
            [=] { merge<Fork>(a.subspan(left), b.subspan(right), to + left + right); });
}

template <class Fork>
FORKJOIN_RECURSIVE void cilksort(std::span<int> of, std::span<int> room) {
  if (of.size() <= sort_base) return std::sort(of.begin(), of.end());
  const std::size_t part = of.size() / 4;
  const auto quarter = [=](std::span<int> from, std::size_t i) {
    return i == 3 ? from.subspan(3 * part) : from.subspan(i * part, part);
  };
  Fork::all([=] { cilksort<Fork>(quarter(of, 0), quarter(room, 0)); },
            [=] { cilksort<Fork>(quarter(of, 1), quarter(room, 1)); },
            [=] { cilksort<Fork>(quarter(of, 2), quarter(room, 2)); },
            [=] { cilksort<Fork>(quarter(of, 3), quarter(room, 3)); });
  Fork::all([=] { merge<Fork>(quarter(of, 0), quarter(of, 1), room.data()); },
            [=] { merge<Fork>(quarter(of, 2), quarter(of, 3), room.data() + 2 * part); });
  merge<Fork>(room.first(2 * part), room.subspan(2 * part), of.data());
}

// uts, "unbalanced tree search": how many children a node has is drawn from its SHA-1. The two small trees of the
// benchmark as it was published (S. Olivier et al., "UTS: An Unbalanced Tree Search Benchmark", 2006): T1, geometric,
// and T3, binomial, the one that is hard to share out. Their counts are known.

struct tree_counts {
  long nodes = 0;
  long leaves = 0;
  int depth = 0;
  tree_counts& operator+=(const tree_counts& other) {
    nodes += other.nodes;
    leaves += other.leaves;
    depth = std::max(depth, other.depth);
    return *this;
  }
  friend tree_counts operator+(tree_counts a, const tree_counts& b) { return a += b; }
  friend bool operator==(const tree_counts&, const tree_counts&) = default;
};

using digest = std::array<std::uint32_t, 5>;

/// Between 0 and 1.
inline double lot(const digest& of) { return (of[4] & 0x7fffffffu) / 2147483648.0; }

struct t1 {
  static constexpr std::uint32_t seed = 19;
  static constexpr double scale = -0.22314355131420976;  // the logarithm of 1 - 1 / (1 + 4): four children on average
  static int children(const digest& node, int depth, int limit) {
    if (depth >= limit) return 0;
    return std::min(100, static_cast<int>(std::floor(std::log(1 - lot(node)) / scale)));
  }
};
struct t3 {
  static constexpr std::uint32_t seed = 42;
  static int children(const digest& node, int depth, int of_root) {
    if (depth == 0) return of_root;
    return lot(node) < 0.124875 ? 8 : 0;
  }
};

template <class Fork, class Tree>
FORKJOIN_RECURSIVE tree_counts uts(const digest& node, int depth, int limit) {
  const int children = Tree::children(node, depth, limit);
  if (children == 0) return {1, 1, depth};
  tree_counts all = Fork::template sum<tree_counts>(children, [&](int i) {
    return uts<Fork, Tree>(sha1<6>({node[0], node[1], node[2], node[3], node[4], static_cast<std::uint32_t>(i)}),
                           depth + 1, limit);
  });
  ++all.nodes;
  return all;
}

// integrate: Simpson's rule, halved until the halves agree with the whole. The integrand oscillates and dies away.

inline constexpr double pulse = 50;
inline constexpr double decay = 1.0 / 64;
[[gnu::noinline]] inline double integrand(double x) { return std::exp(-decay * x) * std::sin(pulse * x); }
inline double antiderivative(double x) {
  return -std::exp(-decay * x) * (decay * std::sin(pulse * x) + pulse * std::cos(pulse * x)) /
         (decay * decay + pulse * pulse);
}

inline constexpr double longest = 0.03125;  // a wider stretch would not see the waves
struct stretch {
  double from, width, begin, middle, end;  // where, and the integrand at three places
  double area() const { return width / 6 * (begin + 4 * middle + end); }
};

template <class Fork>
FORKJOIN_RECURSIVE double integrate(const stretch& whole, double error) {
  const double half = whole.width / 2;
  const stretch left{whole.from, half, whole.begin, integrand(whole.from + half / 2), whole.middle};
  const stretch right{whole.from + half, half, whole.middle, integrand(whole.from + half + half / 2), whole.end};
  const double sum = left.area() + right.area();
  const double off = (sum - whole.area()) / 15;
  if (whole.width <= longest && std::abs(off) <= error) return sum + off;
  auto [a, b] =
      Fork::all([&] { return integrate<Fork>(left, error / 2); }, [&] { return integrate<Fork>(right, error / 2); });
  return a + b;
}

// Each kernel as a thing that can be made ready, run and checked.

template <class Fork>
struct fib_run {
  long n, got = 0;
  explicit fib_run(long size) : n(size) {}
  void prepare() {}
  void run() { got = fib<Fork>(n); }
  bool right() const {
    long a = 0, b = 1;
    for (long i = 0; i < n; ++i) b = std::exchange(a, b) + b;
    return got == a;
  }
};

template <class Fork>
struct skynet_run {
  long leaves, got = 0;
  explicit skynet_run(long size) : leaves(size) {}
  void prepare() {}
  void run() { got = skynet<Fork>(0, leaves); }
  bool right() const { return got == leaves * (leaves - 1) / 2; }
};

template <class Fork>
struct nqueens_run {
  int n;
  long got = 0;
  explicit nqueens_run(long size) : n(static_cast<int>(size)) {}
  void prepare() {}
  void run() { got = nqueens<Fork>(n, 0, board{}); }
  bool right() const {
    constexpr std::array<long, 16> known{1, 1, 0, 0, 2, 10, 4, 40, 92, 352, 724, 2680, 14200, 73712, 365596, 2279184};
    return got == known[static_cast<std::size_t>(n)];
  }
};

template <class Fork>
struct matmul_run {
  static constexpr std::size_t spare = 8;  // so that the rows of a block do not all fall into one set of the cache
  std::size_t n, pitch;
  std::vector<double> a, b, c;
  explicit matmul_run(long size)
      : n(static_cast<std::size_t>(size)), pitch(n + spare), a(n * pitch), b(n * pitch), c(n * pitch) {
    for (std::size_t i = 0; i < a.size(); ++i) {
      a[i] = static_cast<double>(i * 7 % 11) - 5;
      b[i] = static_cast<double>(i * 5 % 13) - 6;
    }
  }
  void prepare() { std::fill(c.begin(), c.end(), 0.0); }
  void run() { matmul<Fork>({a.data(), pitch}, {b.data(), pitch}, {c.data(), pitch}, n, n, n); }
  /// Whether c v = a (b v) for a vector v: all are whole numbers, so this is exact.
  bool right() const {
    std::vector<double> v(n), bv(n), abv(n), cv(n);
    for (std::size_t i = 0; i < n; ++i) v[i] = static_cast<double>(i * 3 % 17) - 8;
    times(b, v, bv);
    times(a, bv, abv);
    times(c, v, cv);
    return abv == cv;
  }
  void times(const std::vector<double>& matrix, const std::vector<double>& by, std::vector<double>& to) const {
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) to[i] += matrix[i * pitch + j] * by[j];
    }
  }
};

template <class Fork>
struct cilksort_run {
  std::vector<int> items, room;
  std::uint64_t sum = 0;
  explicit cilksort_run(long size) : items(static_cast<std::size_t>(size)), room(items.size()) {}
  void prepare() {
    std::uint64_t state = 1;
    sum = 0;
    for (int& each : items) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      each = static_cast<int>(state >> 33);
      sum += static_cast<std::uint64_t>(each) * static_cast<std::uint64_t>(each);
    }
  }
  void run() { cilksort<Fork>(items, room); }
  bool right() const {
    std::uint64_t found = 0;
    for (const int each : items) found += static_cast<std::uint64_t>(each) * static_cast<std::uint64_t>(each);
    return found == sum && std::is_sorted(items.begin(), items.end());
  }
};

/// Of T1 the size is the depth where it ends, of T3 how many children the root has.
template <class Fork, class Tree>
struct uts_run {
  static constexpr bool geometric = std::is_same_v<Tree, t1>;
  int limit;
  tree_counts got;
  explicit uts_run(long size) : limit(static_cast<int>(size)) {}
  void prepare() {}
  void run() { got = uts<Fork, Tree>(sha1<5>({0, 0, 0, 0, Tree::seed}), 0, limit); }
  bool right() const {
    if (geometric && limit == 10) return got == tree_counts{4130071, 3305118, 10};
    if (!geometric && limit == 2000) return got == tree_counts{4112897, 3599034, 1572};
    return got.nodes > got.leaves && got.leaves > 0;
  }
};

/// The size is how many powers of ten below 1 the error may be.
template <class Fork>
struct integrate_run {
  static constexpr double end = 256;
  double error, got = 0;
  explicit integrate_run(long size) : error(std::pow(10.0, -static_cast<double>(size))) {}
  void prepare() {}
  void run() { got = integrate<Fork>({0, end, integrand(0), integrand(end / 2), integrand(end)}, error); }
  bool right() const { return std::abs(got - (antiderivative(end) - antiderivative(0))) < 10 * error; }
};

template <class Run>
outcome measure_one(const job& what) {
  using clock = std::chrono::steady_clock;
  bool right = true;
  if (what.warm_size > 0) {
    Run warm(what.warm_size);
    warm.prepare();
    warm.run();
    right = warm.right();
  }
  Run one(what.size);
  std::vector<double> took;
  for (int i = 0; i < what.times; ++i) {
    one.prepare();
    const auto begin = clock::now();
    one.run();
    took.push_back(std::chrono::duration<double, std::nano>(clock::now() - begin).count());
  }
  right = right && one.right();
  std::nth_element(took.begin(), took.begin() + what.times / 2, took.end());
  return {took[static_cast<std::size_t>(what.times / 2)], right};
}

/// To be called where `Fork` can fork, on a worker.
template <class Fork>
outcome measure(const job& what) {
  if (what.kernel == "fib") return measure_one<fib_run<Fork>>(what);
  if (what.kernel == "skynet") return measure_one<skynet_run<Fork>>(what);
  if (what.kernel == "nqueens") return measure_one<nqueens_run<Fork>>(what);
  if (what.kernel == "matmul") return measure_one<matmul_run<Fork>>(what);
  if (what.kernel == "cilksort") return measure_one<cilksort_run<Fork>>(what);
  if (what.kernel == "uts T1") return measure_one<uts_run<Fork, t1>>(what);
  if (what.kernel == "uts T3") return measure_one<uts_run<Fork, t3>>(what);
  if (what.kernel == "integrate") return measure_one<integrate_run<Fork>>(what);
  if (what.kernel == "nothing") return {0, true};  // an empty runtime, whose memory is looked at
  return {};
}

}  // namespace forkjoin
