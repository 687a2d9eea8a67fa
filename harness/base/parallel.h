// Doing one thing to many at once: asking a thousand nodes takes as long as the slowest few, not as their sum.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

namespace tales {

// Calls `function(i)` for i in [0, count) on at most `limit` threads and returns when all are done. `function` must be
// safe to call from several threads and must not throw.
template <typename Function>
void ForEachInParallel(size_t count, size_t limit, Function&& function) {
  const size_t threads = std::min(count, std::max<size_t>(limit, 1));
  std::atomic<size_t> next = 0;
  auto work = [&] {
    for (size_t i = next.fetch_add(1); i < count; i = next.fetch_add(1)) function(i);
  };
  std::vector<std::thread> pool;
  for (size_t i = 1; i < threads; ++i) pool.emplace_back(work);
  work();
  for (std::thread& thread : pool) thread.join();
}

}  // namespace tales
