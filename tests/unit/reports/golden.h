// Golden files: what a report looks like, whole, in tests/golden. TALES_UPDATE_GOLDEN=1 writes them anew; then read the
// diff.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

#include "harness/base/file.h"
#include "tests/support/status_matchers.h"

namespace tales::reports {

inline std::filesystem::path GoldenFolder() {
  const char* folder = std::getenv("TALES_GOLDEN");
  return folder != nullptr ? folder : "tests/golden";
}

inline void CompareWithGolden(const std::string& name, const std::string& text) {
  const std::filesystem::path path = GoldenFolder() / name;
  if (std::getenv("TALES_UPDATE_GOLDEN") != nullptr) {
    ASSERT_OK(WriteFileAtomically(path, text));
    return;
  }
  ASSERT_OK_AND_ASSIGN(const std::string golden, ReadFile(path));
  EXPECT_EQ(text, golden) << path << " differs; TALES_UPDATE_GOLDEN=1 writes it anew";
}

}  // namespace tales::reports
