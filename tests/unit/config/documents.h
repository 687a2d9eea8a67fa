// Machine configurations for tests: short, of the right shape, every secret made up.
#pragma once

#include <string>

#include "harness/operator/document.h"
#include "tests/support/status_matchers.h"

namespace tales::config {

inline MachineConfig Parsed(std::string text) {
  absl::StatusOr<MachineConfig> config = ParseMachineConfig(std::move(text), "test.yaml");
  EXPECT_OK(config);
  return config.value_or(MachineConfig{});
}

// `text` with the first `from` replaced; the test fails where there is none.
inline std::string Changed(std::string text, std::string_view from, std::string_view to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

}  // namespace tales::config
