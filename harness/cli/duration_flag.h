// Flags that take a duration, checked before anything begins.
#pragma once

#include <string>

#include "CLI/Validators.hpp"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace tales {

// `examples` is for the error: "90m or 4h". Zero only where `zero` says so.
inline CLI::Validator DurationFlag(std::string examples, bool zero = false) {
  return CLI::Validator(
      [examples = std::move(examples), zero](const std::string& text) -> std::string {
        absl::Duration duration;
        const bool is = absl::ParseDuration(text, &duration) && duration < absl::InfiniteDuration() &&
                        (zero ? duration >= absl::ZeroDuration() : duration > absl::ZeroDuration());
        return is ? "" : absl::StrCat("\"", text, "\" is not a duration; for example ", examples);
      },
      "DURATION");
}

}  // namespace tales
