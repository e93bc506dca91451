// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/loop.hpp>
#include <tenon/core/threading.hpp>
#include <tenon/memory/detail/poison.hpp>
#include <tenon/memory/detail/return_list.hpp>
#include <tenon/memory/system.hpp>

#include <cassert>
#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

namespace tenon {

namespace detail {

/// Makes an object as good as new for whom it is lent to next, and keeps what it holds where it can.
template <class T>
void make_as_new(T& object) noexcept {
  if constexpr (requires { reset(object); }) {
    reset(object);
  } else if constexpr (requires { object.reset(); }) {
    object.reset();
  } else if constexpr (requires { object.clear(); }) {
    object.clear();
  }
}

}  // namespace detail

/// Objects that are lent, brought back and lent again: made once, with the memory that they hold.
///
///     tenon::object_pool<request> pool;           // struct request { std::string path; void reset() noexcept; };
///     auto one = pool.acquire();                  // a pooled: like a unique_ptr
///     one->path = "/";
///     std::thread([one = std::move(one)] {}).join();   // ended elsewhere, it comes home
///
/// The thread that acquires first is the owner, and from then on it alone acquires, reserves and resets; any thread
/// releases.
/// `worker_local<object_pool<T>, R>` is one pool a worker.
///
/// Kept     An object is made when none is free, and destroyed with the pool: there are as many as were ever out at
///          once, and some that are on their way home (the last that each thread released, till its next). On release
///          it is reset, on the thread that releases: by `reset(object)` found by its type, else object.reset(), else
///          object.clear(), else not at all; that must not throw. reset() destroys all when none is out.
/// Shape    Slabs of Memory: 8 objects, then twice as many up to 1024; a word an object. Objects lie side by side:
///          where several threads write to them at once, align T to cache_line. The pool itself takes 80 bytes under
///          single_thread, else about a kilobyte; it never moves.
/// Cost     acquire, release: O(1), nothing atomic, some loads and stores; what T's reset costs. A release elsewhere:
///          nothing locked, no lock, one line written that is the releasing thread's; beyond eight releasing threads,
///          one CAS. Under single_thread nothing atomic is there at all.
/// Errors   acquire, reserve: what T's constructor throws, what Memory does; the pool is as before. try_acquire makes
///          no object: it is empty when none is free. As a bound it wants one object more for each thread that releases
///          (eight are enough), for of each the last is not free: of a pool of one, released elsewhere, there is none.
///          Asserted: released twice, to a pool it is not of, a pool that ends with objects out, an acquire by a second
///          thread. Under AddressSanitizer an object that was released is poisoned.
/// Source   The lanes home: detail/return_list.hpp. Figures: bench/memory.cpp, docs/memory.md.
template <class T, class Threading = multi_thread, class Memory = system>
class object_pool {
  static_assert(std::is_object_v<T> && !std::is_const_v<T> && std::is_default_constructible_v<T> &&
                    std::is_nothrow_destructible_v<T>,
                "tenon::object_pool<T>: T is kept and used again, so it is made without arguments, and destroying it "
                "does not throw; give T a default constructor, and set it up after acquire()");

  using list = detail::return_list<Threading>;
  using node = typename list::node;

 public:
  /// An object that is out; its end brings it home. The pool outlives it. Any one thread at a time.
  class pooled {
   public:
    pooled() = default;
    pooled(pooled&& other) noexcept : object_(std::exchange(other.object_, nullptr)), home_(other.home_) {}
    pooled& operator=(pooled&& other) noexcept {
      pooled(std::move(other)).swap(*this);
      return *this;
    }
    ~pooled() { reset(); }

    [[nodiscard]] explicit operator bool() const noexcept { return object_ != nullptr; }
    [[nodiscard]] T* get() const noexcept { return object_; }
    [[nodiscard]] T& operator*() const noexcept { return *object_; }
    [[nodiscard]] T* operator->() const noexcept { return object_; }

    void reset() noexcept {
      if (object_ != nullptr) home_->release(*std::exchange(object_, nullptr));
    }
    /// Gives the object without its way home, say for a queue of pointers: then pool.release(object) ends it.
    [[nodiscard]] T* release() noexcept { return std::exchange(object_, nullptr); }
    void swap(pooled& other) noexcept {
      std::swap(object_, other.object_);
      std::swap(home_, other.home_);
    }

   private:
    friend object_pool;
    pooled(T* object, object_pool& home) noexcept : object_(object), home_(&home) {}

    T* object_ = nullptr;
    object_pool* home_ = nullptr;
  };

  object_pool() = default;
  object_pool(const object_pool&) = delete;
  object_pool& operator=(const object_pool&) = delete;
  ~object_pool() { destroy_all(); }

  /// An object: one that came back, else a new one.
  [[nodiscard]] pooled acquire() {
    be_owner();
    node* const kept = free_.take();
    return {kept != nullptr ? lend(*kept) : make(), *this};
  }
  /// One that came back, or none.
  [[nodiscard]] pooled try_acquire() noexcept {
    be_owner();
    node* const kept = free_.take();
    return {kept != nullptr ? lend(*kept) : nullptr, *this};
  }

  /// Brings home an object that was taken out of its `pooled`.
  void release(T& object) noexcept {
    detail::make_as_new(object);
    node& its = link_of(object);
    detail::poison(&object, extent);
    if constexpr (Threading::concurrent) {
      const void* const here = &detail::here();
      if (here != owner_) return free_.leave(its, here);
    }
    free_.keep(its);
  }

  /// Makes objects until there are `count`, so that the first requests find some. Before the first of them any thread
  /// may, and does not become the owner.
  void reserve(std::size_t count) {
    assert((owner_ == nullptr || owner_ == &detail::here()) && "tenon::object_pool: reserve by another than the owner");
    while (made_ < count) {
      T* const object = make();
      detail::poison(object, extent);
      free_.keep(link_of(*object));
    }
  }

  /// Destroys all objects; none is out. The next thread to acquire is the owner.
  void reset() noexcept {
    destroy_all();
    slabs_ = nullptr;
    made_ = 0;
    next_slab_ = 8;
    owner_ = nullptr;
    free_.forget();
  }

  /// How many objects there are, lent or not. The owner.
  [[nodiscard]] std::size_t size() const noexcept { return made_; }

 private:
  struct slot {
    node link;
    alignas(T) std::byte room[sizeof(T)];
  };
  struct slab {
    slab* older;
    void* block;
    std::size_t bytes;
    slot* first;
    std::size_t size;
    std::size_t made;
  };

  // A slot is where its link is, and `before` bytes behind lies the object; `extent` bytes are the object's.
  static constexpr std::size_t before = offsetof(slot, room);
  static constexpr std::size_t extent = sizeof(slot) - before;

  [[nodiscard]] static T* object_of(node& link) noexcept {
    return std::launder(reinterpret_cast<T*>(reinterpret_cast<std::byte*>(&link) + before));
  }
  [[nodiscard]] static node& link_of(T& object) noexcept {
    return *std::launder(reinterpret_cast<node*>(reinterpret_cast<std::byte*>(&object) - before));
  }

  void be_owner() noexcept {
    if (owner_ == nullptr) [[unlikely]]
      owner_ = &detail::here();
    assert(owner_ == &detail::here() && "tenon::object_pool: acquire by another thread than the owner");
  }

  [[nodiscard]] static T* lend(node& kept) noexcept {
    T* const object = object_of(kept);
    detail::unpoison(object, extent);
    return object;
  }

  [[nodiscard, gnu::noinline]] T* make() {
    if (slabs_ == nullptr || slabs_->made == slabs_->size) grow();
    slot* const its = ::new (static_cast<void*>(slabs_->first + slabs_->made)) slot;
    T* const object = ::new (static_cast<void*>(its->room)) T();
    free_.mark(its->link);
    ++slabs_->made;
    ++made_;
    return object;
  }

  void grow() {
    const std::size_t bytes = sizeof(slab) + alignof(slot) + next_slab_ * sizeof(slot);
    void* const obtained = Memory::obtain(bytes);
    const std::size_t behind = reinterpret_cast<std::size_t>(obtained) + sizeof(slab);
    const std::size_t skipped = (alignof(slot) - behind % alignof(slot)) % alignof(slot);
    auto* const first = static_cast<std::byte*>(obtained) + sizeof(slab) + skipped;
    slabs_ = ::new (obtained) slab{slabs_, obtained, bytes, reinterpret_cast<slot*>(first), next_slab_, 0};
    if (next_slab_ < most_in_slab) next_slab_ *= 2;
  }

  void destroy_all() noexcept {
    assert(free_.size() == made_ && "tenon::object_pool: ends while an object is out");
    for (slab* each = slabs_; each != nullptr;) {
      for (std::size_t i = 0; i < each->made; ++i) {
        lend(each->first[i].link)->~T();
      }
      slab* const older = each->older;
      Memory::release(each->block, each->bytes);
      each = older;
    }
  }

  static constexpr std::size_t most_in_slab = 1024;

  const void* owner_ = nullptr;  // written before the first object is out, read by those who have one
  slab* slabs_ = nullptr;
  std::size_t made_ = 0;
  std::size_t next_slab_ = 8;
  list free_;
};

}  // namespace tenon
