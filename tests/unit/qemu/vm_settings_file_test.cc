#include "fixtures/vm_settings_file.h"

#include "gmock/gmock.h"
#include "nlohmann/json.hpp"

namespace tales {
namespace {

TEST(VmSettingsFile, HasWhatTheHostCanTell) {
  const KnownMachine known{.settings = {{"machine", "q35", "pc"},
                                        {"cpus", "2", "4"},
                                        {"disk.size", "100GB", "100GB"},
                                        {"disk.reclaim", "false", "true"},
                                        {"video", "vmvga", ""}},
                           .boot_source = BootSource::kCdrom};
  const KnownMachine unknown{.settings = {{"machine", "q35", ""}}, .boot_source = std::nullopt};
  EXPECT_EQ(
      nlohmann::json::parse(VmSettingsJson({{"control", known}, {"worker", unknown}})),
      nlohmann::json::parse(R"({"control": {"machine": "pc", "cpus": 4, "disk": {"size": "100GB", "reclaim": true},
                                      "bootOrder": ["cdrom", "disk"]}})"));
  EXPECT_EQ(VmSettingsJson({}), "{}\n");
}

}  // namespace
}  // namespace tales
