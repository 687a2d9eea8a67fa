// Recorded answers of a real Cilium 1.17.1, trimmed to what is read.
#pragma once

#include <cstdlib>
#include <string>

#include "gtest/gtest.h"
#include "harness/base/file.h"
#include "harness/kube/client.h"

namespace tales::cilium {

inline std::string Recorded(const std::string& name) {
  const char* folder = std::getenv("TALES_CILIUM_DATA");
  auto text = ReadFile(std::string(folder == nullptr ? "." : folder) + "/" + name);
  EXPECT_TRUE(text.ok()) << text.status();
  return text.value_or("");
}
inline kube::Json RecordedJson(const std::string& name) { return kube::Json::parse(Recorded(name)); }

}  // namespace tales::cilium
