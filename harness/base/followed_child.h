// A program that writes to a file, which is read while it is written.
#pragma once

#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <string_view>

#include "absl/time/time.h"
#include "harness/base/subprocess.h"

namespace tales {

// Used on one thread. The program dies with it, as with Child.
class FollowedChild {
 public:
  // `output`: the file that the child's output goes to; it is there.
  FollowedChild(Child child, const std::filesystem::path& output);

  // Waits until there is more of the output, which `sink` is given, the program has ended, or `longest` is over. False:
  // it has ended, and `sink` has had everything that it wrote.
  bool Follow(absl::Duration longest, const std::function<void(std::string_view chunk)>& sink);
  void Kill(int signal) { child_.Kill(signal); }  // to its process group

  // REQUIRES: Follow() returned false.
  const Finished& finished() const { return *finished_; }

 private:
  bool ReadMore(const std::function<void(std::string_view)>& sink);

  Child child_;
  std::ifstream output_;
  std::optional<Finished> finished_;
};

}  // namespace tales
