#include "harness/base/followed_child.h"

#include <array>
#include <utility>

#include "harness/base/deadline.h"

namespace tales {
namespace {

constexpr absl::Duration kPause = absl::Milliseconds(50);

}  // namespace

FollowedChild::FollowedChild(Child child, const std::filesystem::path& output)
    : child_(std::move(child)), output_(output, std::ios::binary) {}

bool FollowedChild::ReadMore(const std::function<void(std::string_view)>& sink) {
  std::array<char, 64 << 10> block;
  bool any = false;
  while (true) {
    output_.clear();  // the end of the file is not the end of the output
    output_.read(block.data(), block.size());
    if (output_.gcount() <= 0) return any;
    any = true;
    sink(std::string_view(block.data(), static_cast<size_t>(output_.gcount())));
  }
}

bool FollowedChild::Follow(absl::Duration longest, const std::function<void(std::string_view)>& sink) {
  const Deadline deadline = Deadline::After(longest);
  while (!finished_.has_value()) {
    // In this order: what was written before the end is read after it is known.
    finished_ = child_.Wait(deadline.AtMost(kPause));
    if (ReadMore(sink) || deadline.passed()) return true;
  }
  return ReadMore(sink);
}

}  // namespace tales
