// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/parallel/parallel_for.hpp>
#include <tenon/parallel/parallel_reduce.hpp>
#include <tenon/parallel/parallel_scan.hpp>
#include <tenon/parallel/parallel_sort.hpp>

#include <concepts>
#include <cstddef>
#include <iterator>
#include <type_traits>
#include <utility>

/// The algorithms of the standard library that are loops, side by side where a worker is free: `std::` and the policy
/// in front become `tenon::parallel::`, and the rest stays as it was.
///
///     std::for_each(std::execution::par, v.begin(), v.end(), f);
///     tenon::parallel::for_each(v.begin(), v.end(), f);
///
/// Shape    Random-access iterators. What they give and ask for is said at their namesakes in the standard; `reduce`
///          and `transform_reduce` here keep the order of the elements, so the operation need not be commutative.
/// All else is said at parallel_for, parallel_reduce, parallel_scan and parallel_sort, which they are.
namespace tenon::parallel {

template <std::random_access_iterator It, class F>
void for_each(It first, It last, F f) {
  parallel_for(first, last, f);
}

template <std::random_access_iterator It, std::random_access_iterator Out, class F>
Out transform(It first, It last, Out out, F f) {
  using distance = std::iter_difference_t<It>;
  const distance count = last - first;
  parallel_for(distance{0}, count, [=](distance i) mutable { out[i] = f(first[i]); });
  return out + count;
}
template <std::random_access_iterator It, std::random_access_iterator It2, std::random_access_iterator Out, class F>
Out transform(It first, It last, It2 first2, Out out, F f) {
  using distance = std::iter_difference_t<It>;
  const distance count = last - first;
  parallel_for(distance{0}, count, [=](distance i) mutable { out[i] = f(first[i], first2[i]); });
  return out + count;
}

template <std::random_access_iterator It, class T, class Combine = detail::sum_of>
[[nodiscard]] T reduce(It first, It last, T init, Combine combine = {}) {
  return parallel_reduce(first, last, std::move(init), std::move(combine));
}
template <std::random_access_iterator It>
[[nodiscard]] std::iter_value_t<It> reduce(It first, It last) {
  return parallel_reduce(first, last, std::iter_value_t<It>());
}

template <std::random_access_iterator It, class T, class Combine, class Map>
[[nodiscard]] T transform_reduce(It first, It last, T init, Combine combine, Map map) {
  return parallel_reduce(first, last, std::move(init), std::move(combine), std::move(map));
}
template <std::random_access_iterator It, std::random_access_iterator It2, class T, class Combine, class Map>
[[nodiscard]] T transform_reduce(It first, It last, It2 first2, T init, Combine combine, Map map) {
  using distance = std::iter_difference_t<It>;
  return parallel_reduce(distance{0}, last - first, std::move(init), std::move(combine),
                         [&](distance i) { return map(first[i], first2[i]); });
}
/// The inner product.
template <std::random_access_iterator It, std::random_access_iterator It2, class T>
[[nodiscard]] T transform_reduce(It first, It last, It2 first2, T init) {
  return transform_reduce(first, last, first2, std::move(init), detail::sum_of(),
                          [](const auto& a, const auto& b) { return a * b; });
}

template <std::random_access_iterator It, class Is>
[[nodiscard]] std::iter_difference_t<It> count_if(It first, It last, Is is) {
  using distance = std::iter_difference_t<It>;
  return parallel_reduce(first, last, distance{0}, detail::sum_of(),
                         [&](const auto& each) { return distance{is(each) ? 1 : 0}; });
}

template <std::random_access_iterator It, std::random_access_iterator Out, class Combine, class T>
Out inclusive_scan(It first, It last, Out out, Combine combine, T init) {
  parallel_scan(first, last, out, std::move(init), std::move(combine));
  return out + (last - first);
}
/// Without `init` the first element is the first result.
template <std::random_access_iterator It, std::random_access_iterator Out, class Combine = detail::sum_of>
Out inclusive_scan(It first, It last, Out out, Combine combine = {}) {
  if (first == last) return out;
  std::iter_value_t<It> init = *first;
  *out = init;
  return inclusive_scan(first + 1, last, out + 1, std::move(combine), std::move(init));
}

template <std::random_access_iterator It, std::random_access_iterator Out, class T, class Combine = detail::sum_of>
Out exclusive_scan(It first, It last, Out out, T init, Combine combine = {}) {
  parallel_scan(first, last, out, std::move(init), std::move(combine), detail::as_it_is(), exclusive);
  return out + (last - first);
}

template <std::random_access_iterator It, class Less = detail::in_order>
void sort(It first, It last, Less less = {}) {
  parallel_sort(first, last, std::move(less));
}

}  // namespace tenon::parallel
