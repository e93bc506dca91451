// error: tenon::pmr<\.\.\.>: not one function that gives a std::pmr::memory_resource\*; write pmr<> for the default
// SPDX-License-Identifier: BSL-1.0
#include <tenon/memory/pmr.hpp>

#if defined(FIXED)
std::pmr::memory_resource* mine() { return std::pmr::new_delete_resource(); }
#else
void* mine() { return nullptr; }
#endif
tenon::pmr<&mine>::arena arena;

int main() {}
