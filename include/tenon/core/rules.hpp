// SPDX-License-Identifier: BSL-1.0
#pragma once

namespace tenon {

/// What a policy asks of the rest of its sentence, beyond the contract of its family.
///
///     struct my_backend : tenon::family::backend {
///       struct on_one_thread {
///         template <class Composition>
///         static constexpr bool holds = !Composition::threading::concurrent;
///         template <class Composition>
///         struct refusal {
///           static_assert(holds<Composition>, "tenon::my_backend: knows one thread only; add single_thread");
///         };
///       };
///       using rules = tenon::rules<on_one_thread>;
///     };
///
/// `Composition` has the policies as its members `backend`, `scheduling`, `memory`, `queue`, `topology`, `threading`,
/// `observe`, `clock` and `errors`. A runtime is made when every rule of each of them holds; the first that does not is
/// the compile error, by its `refusal` being instantiated. `holds` alone is what the legality table and `select` ask.
template <class... Rules>
struct rules {};

}  // namespace tenon
