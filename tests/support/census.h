// What this process holds: descriptors, threads, memory. A test that leaves nothing behind counts before and after.
#pragma once

#include <dirent.h>
#include <malloc.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <thread>

namespace drl::test {

inline int64_t CountEntries(const char* directory) {
  DIR* entries = opendir(directory);
  if (entries == nullptr) return -1;
  int64_t count = 0;
  while (const dirent* entry = readdir(entries)) count += entry->d_name[0] != '.' ? 1 : 0;
  closedir(entries);
  return count;
}

// The descriptor that reads the directory is always one of them.
inline int64_t CountDescriptors() { return CountEntries("/proc/self/fd"); }
inline int64_t CountThreads() { return CountEntries("/proc/self/task"); }

inline int64_t ResidentBytes() {
  long size = 0;
  long resident = 0;
  FILE* file = std::fopen("/proc/self/statm", "r");
  if (file == nullptr || std::fscanf(file, "%ld %ld", &size, &resident) != 2) resident = 0;
  if (file != nullptr) std::fclose(file);
  return static_cast<int64_t>(resident) * sysconf(_SC_PAGESIZE);
}

// Bytes that malloc has handed out; 0 where a sanitizer replaces malloc (its leak check counts there).
inline int64_t AllocatedBytes() {
  const struct mallinfo2 info = mallinfo2();
  return static_cast<int64_t>(info.uordblks + info.hblkhd);
}

struct Census {
  int64_t descriptors = CountDescriptors();
  int64_t threads = CountThreads();
  int64_t allocated = AllocatedBytes();
  int64_t resident = ResidentBytes();
};

// A joined thread stays in /proc for a moment: waits until there are `threads` again, or until ten seconds are over.
inline Census CensusWhenThreadsAre(int64_t threads) {
  for (int i = 0; i < 1000 && CountThreads() != threads; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  return Census();
}

}  // namespace drl::test
