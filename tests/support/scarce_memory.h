// Memory that runs out at a chosen allocation. A program that links this has an allocator of its own, which counts what lives and
// refuses the n-th call of malloc, calloc, realloc, aligned_alloc or operator new, once or from then on.
#pragma once

#include <cstdint>

namespace drl::test {

// Whose calls are counted and refused: this thread's, or all but this thread's.
enum class Whose { kMine, kOthers };

// Refuses from the n-th call on, so many of them.
void RefuseMemory(Whose whose, int64_t nth, int64_t times = 1);
// Ends that. True when a call was refused.
bool StopRefusing();

// Blocks of the whole process that were not freed; -1 where a sanitizer owns the allocator and looks for leaks itself.
[[nodiscard]] int64_t LiveBlocks();

}  // namespace drl::test
