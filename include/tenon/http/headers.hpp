// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/http/detail/ascii.hpp>
#include <tenon/http/detail/scan.hpp>

#include <cstddef>
#include <iterator>
#include <optional>
#include <string_view>

namespace tenon::http {

/// One header line, as views: the name as it was written, the value without the space around it.
struct header {
  std::string_view name;
  std::string_view value;
  friend constexpr bool operator==(const header&, const header&) = default;
};

/// The header lines of a request, as a range over the bytes they came in: no table is built, nothing is copied.
///
///     if (auto type = request.headers.find("content-type")) ...
///     for (auto [name, value] : request.headers) ...
///
/// Shape    Two pointers into the connection's buffer, whose lines the parser has already checked.
/// Cost     find: one look at each line for a colon where the name would end (names of another length cost one
///          comparison), and a scan to the next line, 16 bytes at a time. A step of the iterator: one line.
/// Threads  As the bytes: any number of readers.
/// Errors   None. Of a name that stands twice, find gives the first; names compare without case.
class headers {
 public:
  class iterator {
   public:
    using value_type = header;
    using difference_type = std::ptrdiff_t;
    using iterator_concept = std::forward_iterator_tag;

    iterator() = default;
    [[nodiscard]] header operator*() const noexcept { return now_; }
    iterator& operator++() noexcept {
      at_ = next_;
      look();
      return *this;
    }
    iterator operator++(int) noexcept {
      const iterator before = *this;
      ++*this;
      return before;
    }
    [[nodiscard]] friend bool operator==(const iterator& a, const iterator& b) noexcept { return a.at_ == b.at_; }

   private:
    friend class headers;
    iterator(const char* at, const char* end) noexcept : at_(at), end_(end) { look(); }
    void look() noexcept {
      if (at_ == end_) return;
      const char* const colon = detail::find_byte(at_, end_, ':');
      const char* const stop = detail::find_byte(colon, end_, '\r');
      now_ = {{at_, static_cast<std::size_t>(colon - at_)},
              detail::tight({colon + 1, static_cast<std::size_t>(stop - colon - 1)})};
      next_ = stop + 2;
    }

    const char* at_ = nullptr;
    const char* end_ = nullptr;
    const char* next_ = nullptr;
    header now_;
  };

  headers() = default;
  /// `lines` is empty, or checked header lines, each with its CR LF.
  explicit headers(std::string_view lines) noexcept : lines_(lines) {}

  [[nodiscard]] iterator begin() const noexcept { return {lines_.data(), lines_.data() + lines_.size()}; }
  [[nodiscard]] iterator end() const noexcept { return {lines_.data() + lines_.size(), lines_.data() + lines_.size()}; }
  [[nodiscard]] bool empty() const noexcept { return lines_.empty(); }
  /// The lines as they came.
  [[nodiscard]] std::string_view lines() const noexcept { return lines_; }

  /// The value of the first header of this name; nothing when there is none.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const noexcept {
    const char* at = lines_.data();
    const char* const end = at + lines_.size();
    while (at != end) {
      if (static_cast<std::size_t>(end - at) > name.size() && at[name.size()] == ':' &&
          detail::same_ignoring_case({at, name.size()}, name)) {
        const char* const value = at + name.size() + 1;
        const char* const stop = detail::find_byte(value, end, '\r');
        return detail::tight({value, static_cast<std::size_t>(stop - value)});
      }
      at = detail::find_byte(at, end, '\n') + 1;
    }
    return std::nullopt;
  }
  [[nodiscard]] bool contains(std::string_view name) const noexcept { return find(name).has_value(); }

 private:
  std::string_view lines_;
};

static_assert(std::forward_iterator<headers::iterator>);

}  // namespace tenon::http
