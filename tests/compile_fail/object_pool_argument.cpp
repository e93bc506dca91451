// error: tenon::object_pool<T>: T is kept and used again, so it is made without arguments, and destroying it does not throw; give T a default constructor, and set it up after acquire\(\)
// SPDX-License-Identifier: BSL-1.0
#include <tenon/memory/object_pool.hpp>

struct session {
#if defined(FIXED)
  session() = default;
#endif
  explicit session(int its) : number(its) {}
  int number = 0;
};

int main() {
  tenon::object_pool<session> pool;
  return pool.acquire()->number;
}
