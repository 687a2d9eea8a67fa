// A Helm release as Helm writes it, and as it does not.
#include "suites/cilium/release.h"

#include <archive.h>
#include <archive_entry.h>

#include "absl/strings/escaping.h"
#include "gmock/gmock.h"
#include "suites/cilium/images.h"
#include "tests/support/status_matchers.h"

namespace tales::cilium {
namespace {

using ::tales::testing::StatusIs;
using ::testing::_;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string Gzip(const std::string& text) {
  archive* writer = archive_write_new();
  archive_entry* entry = archive_entry_new();
  std::string packed(text.size() + 65536, '\0');
  size_t used = 0;
  archive_entry_set_pathname(entry, "x");
  archive_entry_set_filetype(entry, AE_IFREG);
  archive_entry_set_size(entry, static_cast<int64_t>(text.size()));
  archive_write_add_filter_gzip(writer);
  archive_write_set_format_raw(writer);
  archive_write_open_memory(writer, packed.data(), packed.size(), &used);
  archive_write_header(writer, entry);
  archive_write_data(writer, text.data(), text.size());
  archive_write_close(writer);
  archive_write_free(writer);
  archive_entry_free(entry);
  packed.resize(used);
  return packed;
}

std::string Stored(const std::string& content) { return absl::Base64Escape(absl::Base64Escape(Gzip(content))); }

Json Umbrella() {
  return Json::parse(R"json({
    "name": "cilium", "namespace": "cilium", "version": 4,
    "info": {"status": "deployed", "description": "Upgrade complete"},
    "config": {"cilium": {"hubble": {"relay": {"enabled": true}}, "MTU": null}},
    "chart": {
      "metadata": {"name": "cilium", "version": "0.1.0", "dependencies": [{"name": "cilium", "version": "1.17.x"}]},
      "lock": {"dependencies": [{"name": "cilium", "version": "1.17.1"}]},
      "values": {"cilium": {"MTU": 1400, "ipam": {"mode": "kubernetes"}, "hubble": {"relay": {"enabled": false}}}}},
    "manifest": "---\n# Source: a\nkind: ConfigMap\nmetadata: {name: other}\ndata: {a: cilium-config}\n---\n# Source: b\nkind: ConfigMap\nmetadata:\n  name: cilium-config\ndata:\n  ipam: \"kubernetes\"\n  debug: \"false\"\n  ipam-multi-pool-pre-allocation: \n---\nkind: DaemonSet\nspec: {x: cilium-config ConfigMap}\n"
  })json");
}

TEST(HelmRelease, AnUmbrellaChartIsSeenThrough) {
  const auto release = ParseHelmRelease(Stored(Umbrella().dump()), true);
  ASSERT_OK(release);
  EXPECT_EQ(release->status, "deployed");
  EXPECT_EQ(release->revision, 4);
  EXPECT_EQ(release->chart_version, "0.1.0");
  EXPECT_EQ(release->cilium_version, "1.17.1");
  EXPECT_EQ(release->Value("ipam.mode"), "kubernetes");
  EXPECT_EQ(release->Value("hubble.relay.enabled"), "true");
  EXPECT_EQ(release->Value("MTU"), std::nullopt);  // null takes a value away
  EXPECT_EQ(release->Value("ipam"), std::nullopt);
  EXPECT_EQ(release->Value("ipam.mode.x"), std::nullopt);
  EXPECT_EQ(release->config, (std::map<std::string, std::string>{
                                 {"ipam", "kubernetes"}, {"debug", "false"}, {"ipam-multi-pool-pre-allocation", ""}}));
  EXPECT_THAT(JudgeRelease(*release, "cilium", "1.17.1"), IsEmpty());
}

TEST(HelmRelease, CiliumsOwnChartAndAnAlias) {
  Json plain = Umbrella();
  plain["chart"] = {{"metadata", {{"name", "cilium"}, {"version", "1.16.6"}}}, {"values", {{"MTU", 1500}}}};
  plain["config"] = {{"MTU", 9000}};
  auto release = ParseHelmRelease(Stored(plain.dump()), true);
  ASSERT_OK(release);
  EXPECT_EQ(release->cilium_version, "1.16.6");
  EXPECT_EQ(release->Value("MTU"), "9000");
  Json aliased = Umbrella();
  aliased["chart"]["metadata"]["name"] = "network";
  aliased["chart"]["metadata"]["dependencies"][0]["alias"] = "cni";
  aliased["chart"]["values"] = {{"cni", {{"MTU", 1450}}}};
  release = ParseHelmRelease(Stored(aliased.dump()), true);
  ASSERT_OK(release);
  EXPECT_EQ(release->Value("MTU"), "1450");
}

TEST(HelmRelease, OfAConfigMapAndOfOldHelm) {
  EXPECT_OK(ParseHelmRelease(absl::Base64Escape(Gzip(Umbrella().dump())), false));
  EXPECT_OK(ParseHelmRelease(absl::Base64Escape(Umbrella().dump()), false));
}

TEST(HelmRelease, WhatHelmDoesNotWriteIsRefused) {
  const std::string whole = Gzip(Umbrella().dump());
  const auto twice = [](const std::string& text) { return absl::Base64Escape(absl::Base64Escape(text)); };
  for (const std::string& stored :
       {std::string(), std::string("%%%"), absl::Base64Escape("%%%"), twice(whole.substr(0, whole.size() / 2)),
        twice(whole.substr(0, 9)), Stored("{}"), Stored("[]"), Stored(R"({"name":"a","info":[],"chart":7})"),
        Stored(std::string(500'000, '[')), Stored(Umbrella().dump().substr(0, 300))})
    EXPECT_THAT(ParseHelmRelease(stored, true), StatusIs(absl::StatusCode::kInvalidArgument, _))
        << stored.substr(0, 40);
  EXPECT_THAT(ParseHelmRelease(Stored(std::string(65 << 20, ' ')), true),
              StatusIs(absl::StatusCode::kOutOfRange, HasSubstr("64 MiB")));
  Json odd = Umbrella();
  odd["manifest"] =
      "kind: [ConfigMap\n---\nkind: ConfigMap\nmetadata: [cilium-config]\n---\n&a [*a, cilium-config, ConfigMap]\n";
  odd["config"] = "x";
  odd["chart"]["values"] = Json::array();
  odd["chart"]["metadata"]["dependencies"] = {1, nullptr};
  const auto release = ParseHelmRelease(Stored(odd.dump()), true);
  ASSERT_OK(release);
  EXPECT_TRUE(release->config.empty());
}

TEST(Release, AFailedUpgradeAndAnotherChartAreNamed) {
  HelmRelease release{"cilium", "failed", "Upgrade \"cilium\" failed: timed out", 2, "cilium", "0.1.0", "1.17.0",
                      {},       {}};
  const auto problems = JudgeRelease(release, "cilium", "1.17.1");
  ASSERT_THAT(problems, SizeIs(2));
  EXPECT_EQ(problems[0].found, "revision 2 is failed: Upgrade \"cilium\" failed: timed out");
  EXPECT_THAT(problems[0].next, HasSubstr("helm -n cilium history cilium"));
  EXPECT_EQ(problems[1].found, "revision 2 is of 1.17.0");
  release.cilium_version.clear();
  release.chart = "nginx";
  EXPECT_THAT(JudgeRelease(release, "cilium", "1.17.1")[1].found,
              HasSubstr("chart nginx 0.1.0, which has no dependency cilium"));
  EXPECT_THAT(JudgeRelease(release, "cilium", ""), SizeIs(1));
}

TEST(Images, Parse) {
  const ImageReference image = ParseImage("registry.local:5000/cilium/cilium:v1.17.1@sha256:ab");
  EXPECT_EQ(image.repository, "registry.local:5000/cilium/cilium");
  EXPECT_EQ(image.tag, "v1.17.1");
  EXPECT_EQ(image.digest, "sha256:ab");
  EXPECT_EQ(image.component(), "cilium");
  EXPECT_EQ(ParseImage("registry.local:5000/cilium").tag, "");
  EXPECT_EQ(ParseImage("").repository, "");
  EXPECT_TRUE(IsOfVersion(image, "1.17.1"));
  EXPECT_TRUE(IsOfVersion(ParseImage("a:v1.17.1-custom"), "v1.17.1"));
  EXPECT_FALSE(IsOfVersion(ParseImage("a:v1.17.10"), "1.17.1"));
}

Json Workload(const char* image, const char* container = "x") {
  return {{"metadata", {{"namespace", "cilium"}, {"name", "w"}}},
          {"spec",
           {{"template",
             {{"spec",
               {{"containers", Json::array({{{"name", container}, {"image", image}}})},
                {"initContainers", Json::array({{{"image", image}}, 7})}}}}}}}};
}

TEST(Images, OthersVersionsAreTheirOwnAffair) {
  const ImagesJudgement fine = JudgeImages(
      {Workload("q/cilium/cilium-envoy:v1.31.5-1", "cilium-envoy"), Workload("q/cilium/hubble-ui:v0.13.1", "frontend"),
       Workload("q/cilium/operator-generic:v1.17.1"), Json(5)},
      "cilium", "1.17.1", "cilium");
  EXPECT_THAT(fine.problems, IsEmpty());
  EXPECT_THAT(fine.unnamed, IsEmpty());
  EXPECT_EQ(fine.compared, 1u);
  const ImagesJudgement other =
      JudgeImages({Workload("q/cilium/cilium:v1.17.0@sha256:ab")}, "cilium", "1.17.1", "cilium");
  ASSERT_THAT(other.problems, SizeIs(1));
  EXPECT_EQ(other.problems[0].found, "q/cilium/cilium:v1.17.0@sha256:ab");
  EXPECT_EQ(other.compared, 1u);
  EXPECT_THAT(JudgeImages({Workload("q/cilium/cilium:v1.0")}, "kube-system", "1.17.1", "cilium").problems, IsEmpty());
}

TEST(Images, OneThatTellsNoVersionIsNotCompared) {
  const ImagesJudgement none =
      JudgeImages({Workload("q/cilium/cilium@sha256:ab"), Workload("mirror/network-agent:2025-02", "cilium-agent")},
                  "cilium", "1.17.1", "cilium");
  EXPECT_THAT(none.problems, IsEmpty());
  EXPECT_EQ(none.compared, 0u);
  EXPECT_THAT(none.unnamed, ElementsAre("mirror/network-agent:2025-02", "q/cilium/cilium@sha256:ab"));
  // Under another name, with the version for a tag.
  const ImagesJudgement renamed =
      JudgeImages({Workload("mirror/network-agent:v1.17.1", "cilium-agent")}, "cilium", "1.17.1", "cilium");
  EXPECT_EQ(renamed.compared, 1u);
  EXPECT_THAT(renamed.unnamed, IsEmpty());
}

}  // namespace
}  // namespace tales::cilium
