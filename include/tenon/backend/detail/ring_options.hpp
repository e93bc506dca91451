// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/fixed_string.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace tenon {

namespace detail {

/// What an option of io_uring decides; of each there is one at most.
enum class ring_slot : std::uint8_t { nothing, entries, shots, buffers, zero_copy, wake, files, lacking };

/// What newer kernels have, each probed when a loop opens, and each done without where it is missing.
enum class ring_feature : std::uint8_t {
  multishot_accept = 1,   ///< Linux 5.19
  multishot_receive = 2,  ///< 6.0, with a ring of provided buffers
  zero_copy = 4,          ///< 6.0
  message = 8,            ///< 5.18, to a ring that puts work off 6.3
  files = 16,             ///< 5.19: a table with room in it
};

/// What each option of io_uring derives from.
struct ring_option {};

}  // namespace detail

/// Option of io_uring: how many submissions fit between two waits before they are sent early.
template <unsigned N>
struct entries : detail::ring_option {
  static_assert(
      std::has_single_bit(N) && N <= 4096,
      "tenon::entries<N>: N, the submissions of a ring, must be a power of two up to 4096; write entries<256>");
  static constexpr auto decides = detail::ring_slot::entries;
  static constexpr auto word = fixed_string("entries<") + detail::decimal<N> + fixed_string(">");
  static constexpr unsigned value = N;
};

/// Option of io_uring: a listening socket is armed once and accepts whoever comes, a stream that is waited for by
/// `readable` is armed once and receives into the buffer_ring. The default.
struct multishot : detail::ring_option {
  static constexpr auto decides = detail::ring_slot::shots;
  static constexpr auto word = fixed_string("multishot");
};

/// Option of io_uring: the opposite. Each operation is handed over by itself, and nobody is accepted, and nothing
/// received, before it was asked for: for listening sockets that are shared with other processes.
struct single_shot : detail::ring_option {
  static constexpr auto decides = detail::ring_slot::shots;
  static constexpr auto word = fixed_string("single_shot");
};

/// Option of io_uring: the buffers of a worker that multishot receives into, N of Size bytes each.
template <unsigned N = 256, unsigned Size = 4096>
struct buffer_ring : detail::ring_option {
  static_assert(std::has_single_bit(N) && N <= 32768,
                "tenon::buffer_ring<N, Size>: N, the buffers of a worker, must be a power of two up to 32768; write "
                "buffer_ring<256, 4096>");
  static_assert(Size >= 64 && Size <= 1024 * 1024,
                "tenon::buffer_ring<N, Size>: Size, the bytes of a buffer, must lie between 64 and 1048576; write "
                "buffer_ring<256, 4096>");
  static constexpr auto decides = detail::ring_slot::buffers;
  static constexpr auto word = fixed_string("buffer_ring<") + detail::decimal<N> + fixed_string(", ") +
                               detail::decimal<Size> + fixed_string(">");
  static constexpr unsigned count = N;
  static constexpr unsigned size = Size;
};

/// Option of io_uring: a write of more than Above bytes to a TCP socket is sent from where it lies. It ends when the
/// peer has acknowledged it, so that it is for bulk over a real network; on the loopback the kernel copies anyway.
template <std::size_t Above = 32768>
struct send_zero_copy : detail::ring_option {
  static constexpr auto decides = detail::ring_slot::zero_copy;
  static constexpr auto word = fixed_string("send_zero_copy<") + detail::decimal<Above> + fixed_string(">");
  static constexpr std::size_t above = Above;
};

/// Option of io_uring: a worker wakes another by a message from ring to ring, not by an eventfd. Threads that are no
/// worker ring the eventfd still.
struct message_wake : detail::ring_option {
  static constexpr auto decides = detail::ring_slot::wake;
  static constexpr auto word = fixed_string("message_wake");
};

/// Option of io_uring: descriptors stand in a table of the ring's, up to N of them.
template <unsigned N = 4096>
struct registered_files : detail::ring_option {
  static_assert(N >= 1 && N <= 32768,
                "tenon::registered_files<N>: N, the places of the table, must lie between 1 and 32768; write "
                "registered_files<4096>");
  static constexpr auto decides = detail::ring_slot::files;
  static constexpr auto word = fixed_string("registered_files<") + detail::decimal<N> + fixed_string(">");
  static constexpr unsigned count = N;
};

namespace detail {

/// Option for tests: a kernel without these features.
template <ring_feature... Features>
struct lacking : ring_option {
  static constexpr auto decides = ring_slot::lacking;
  static constexpr auto word = fixed_string("lacking");
  static constexpr unsigned mask = (0U | ... | static_cast<unsigned>(Features));
};

struct no_ring_option {
  static constexpr auto decides = ring_slot::nothing;
  static constexpr unsigned mask = 0;
};

/// The option that decides Slot, or Otherwise.
template <ring_slot Slot, class Otherwise, class... Options>
struct chosen_ring_option {
  using type = Otherwise;
};
template <ring_slot Slot, class Otherwise, class First, class... Rest>
struct chosen_ring_option<Slot, Otherwise, First, Rest...> : chosen_ring_option<Slot, Otherwise, Rest...> {};
template <ring_slot Slot, class Otherwise, class First, class... Rest>
  requires(First::decides == Slot)
struct chosen_ring_option<Slot, Otherwise, First, Rest...> {
  using type = First;
};

template <class... Options>
struct ring_word {
  static constexpr auto value = fixed_string("io_uring");
};
template <class First, class... Rest>
struct ring_word<First, Rest...> {
  static constexpr auto value =
      ((fixed_string("io_uring<") + First::word) + ... + (fixed_string(", ") + Rest::word)) + fixed_string(">");
};

template <class... Options>
struct ring_options {
  template <ring_slot Slot, class Otherwise>
  using option = typename chosen_ring_option<Slot, Otherwise, Options...>::type;
  template <ring_slot Slot>
  static constexpr bool names = ((Options::decides == Slot) || ...);

  static constexpr auto word = ring_word<Options...>::value;
  static constexpr unsigned entries = option<ring_slot::entries, tenon::entries<256>>::value;
  static constexpr bool is_multishot = std::is_same_v<option<ring_slot::shots, multishot>, multishot>;
  using buffers = option<ring_slot::buffers, buffer_ring<>>;
  static constexpr bool sends_zero_copy = names<ring_slot::zero_copy>;
  using zero_copy = option<ring_slot::zero_copy, send_zero_copy<>>;
  static constexpr std::size_t sent_by_call = sends_zero_copy ? zero_copy::above : static_cast<std::size_t>(-1);
  static constexpr bool wakes_by_message = names<ring_slot::wake>;
  static constexpr bool registers_files = names<ring_slot::files>;
  using files = option<ring_slot::files, registered_files<>>;
  static constexpr unsigned masked = option<ring_slot::lacking, no_ring_option>::mask;

  /// Whether no two decide the same.
  static constexpr bool is_clear = [] {
    constexpr ring_slot all[] = {Options::decides..., ring_slot::nothing};
    for (std::size_t i = 0; i < sizeof...(Options); ++i) {
      for (std::size_t k = i + 1; k < sizeof...(Options); ++k) {
        if (all[i] == all[k]) return false;
      }
    }
    return true;
  }();
};

}  // namespace detail

static_assert(detail::ring_options<entries<64>>::word == fixed_string("io_uring<entries<64>>"));

}  // namespace tenon
