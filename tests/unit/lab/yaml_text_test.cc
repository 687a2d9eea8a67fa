#include "fixtures/lab/yaml_text.h"

#include <gtest/gtest.h>

#include "fixtures/lab/sizes.h"
#include "yaml-cpp/yaml.h"

namespace tales::lab {
namespace {

using Json = nlohmann::ordered_json;

TEST(YamlText, WritesWhatTalosWrites) {
  const Json spec = {
      {"stage", "running"},
      {"status",
       {{"ready", false}, {"unmetConditions", {{{"name", "nodeReady"}, {"reason", "node \"worker\" is not ready"}}}}}}};
  EXPECT_EQ(YamlText(spec),
            "stage: running\n"
            "status:\n"
            "    ready: false\n"
            "    unmetConditions:\n"
            "        - name: nodeReady\n"
            "          reason: \"node \\\"worker\\\" is not ready\"\n");
}

TEST(YamlText, WhatIsBelowAListItemIsIndentedFromTheList) {
  const Json config = {{"config", {{{"name", "PodSecurity"}, {"configuration", {{"exemptions", {"kube-system"}}}}}}}};
  EXPECT_EQ(YamlText(config),
            "config:\n"
            "    - name: PodSecurity\n"
            "      configuration:\n"
            "        exemptions:\n"
            "            - kube-system\n");
}

TEST(YamlText, ReadsBackAsTheSameText) {
  for (const char* text : {"true",
                           "no",
                           "10",
                           "1e3",
                           "",
                           "a: b",
                           "- x",
                           "# y",
                           "2026-01-02T00:00:00Z",
                           "v1.9.4",
                           "a #b",
                           " x",
                           "00:00:00:00:00:00",
                           "[x]",
                           "{x}",
                           "*x",
                           "&x",
                           "!x",
                           "%x",
                           "@x",
                           "`x",
                           "x:"}) {
    const YAML::Node read = YAML::Load(YamlText({{"key", text}}));
    EXPECT_EQ(read["key"].as<std::string>(), text);
    EXPECT_TRUE(read["key"].IsScalar()) << text;
  }
}

// Random secrets in base64, as talosctl writes them: `up` compares files byte by byte.
TEST(YamlText, SecretsAreWrittenAsTalosWritesThem) {
  for (const char* text : {"-U-kS144cK2ERpeD6pxVBFKenWlxXRwpFol2QHjNiPQ=", "_Uk=", "+Uk=", "/Uk="})
    EXPECT_EQ(YamlText(Json(text)), std::string(text) + "\n");
  for (const char* text : {"-1", "+1.5", "-", "- x", "---", "--- x"})
    EXPECT_EQ(YamlText(Json(text)), "\"" + std::string(text) + "\"\n");
}

TEST(YamlText, EmptyAndScalar) {
  EXPECT_EQ(YamlText("controlplane"), "controlplane\n");
  EXPECT_EQ(YamlText(Json::object()), "{}\n");
  EXPECT_EQ(YamlText({{"details", Json::array()}}), "details: []\n");
}

TEST(ParseSize, Units) {
  EXPECT_EQ(ParseSize("4GiB"), uint64_t{4} << 30);
  EXPECT_EQ(ParseSize("100GB"), 100'000'000'000u);
  EXPECT_EQ(ParseSize("512"), 512u);
  for (const char* wrong : {"", "GiB", "-1GiB", "4 parsecs", "99999999999TiB"}) EXPECT_FALSE(ParseSize(wrong)) << wrong;
}

}  // namespace
}  // namespace tales::lab
