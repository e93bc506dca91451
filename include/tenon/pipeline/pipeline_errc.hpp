// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>
#include <system_error>
#include <type_traits>

namespace tenon {

/// Why an item came back from a fabric without having gone through.
///
/// rejected  It met a full queue, and the stage says `reject`. Compares equal to errc::resource_unavailable_try_again.
/// dropped   It met a full queue, or a newer one did, and the stage says `drop_newest` or `drop_oldest`. As `rejected`.
/// timed_out It took longer than the stage's `task_timeout`. Compares equal to errc::timed_out.
/// expired   It had waited longer before a stage than its `ttl`, and was not handled there. As `timed_out`.
/// closed    The fabric takes no more items. Compares equal to errc::operation_not_permitted.
enum class pipeline_errc { rejected = 1, dropped, closed, timed_out, expired };

}  // namespace tenon

template <>
struct std::is_error_code_enum<tenon::pipeline_errc> : std::true_type {};

namespace tenon {

/// The category of pipeline_errc, named "tenon.pipeline".
[[nodiscard]] inline const std::error_category& pipeline_category() noexcept {
  class category final : public std::error_category {
   public:
    [[nodiscard]] const char* name() const noexcept override { return "tenon.pipeline"; }
    [[nodiscard]] std::string message(int value) const override {
      switch (static_cast<pipeline_errc>(value)) {
        case pipeline_errc::rejected: return "rejected: the queue of a stage is full";
        case pipeline_errc::dropped: return "dropped: the queue of a stage was full, and this item had to make room";
        case pipeline_errc::closed: return "closed: the fabric takes no more items";
        case pipeline_errc::timed_out: return "timed out: a stage worked longer on this item than it may";
        case pipeline_errc::expired: return "expired: this item waited longer before a stage than it may";
      }
      return "unknown";
    }
    [[nodiscard]] std::error_condition default_error_condition(int value) const noexcept override {
      switch (static_cast<pipeline_errc>(value)) {
        case pipeline_errc::rejected:
        case pipeline_errc::dropped: return std::make_error_condition(std::errc::resource_unavailable_try_again);
        case pipeline_errc::closed: return std::make_error_condition(std::errc::operation_not_permitted);
        case pipeline_errc::timed_out:
        case pipeline_errc::expired: return std::make_error_condition(std::errc::timed_out);
      }
      return {value, *this};
    }
  };
  static const category one;
  return one;
}

[[nodiscard]] inline std::error_code make_error_code(pipeline_errc error) noexcept {
  return {static_cast<int>(error), pipeline_category()};
}

static_assert(std::is_error_code_enum_v<pipeline_errc>);

}  // namespace tenon
