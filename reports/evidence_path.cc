#include "reports/evidence_path.h"

#include <filesystem>

namespace tales::reports {

bool IsInsideTheRun(const std::string& path) {
  const std::filesystem::path normal = std::filesystem::path(path).lexically_normal();
  return !path.empty() && normal.is_relative() && *normal.begin() != ".." && path.find("]]") == std::string::npos;
}

}  // namespace tales::reports
