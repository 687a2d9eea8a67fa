#include "fixtures/local/node/images.h"

#include <archive.h>
#include <archive_entry.h>

#include <memory>

#include "fixtures/local/node/conformance_image.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "harness/base/file.h"
#include "nlohmann/json.hpp"
#include "tests/support/status_matchers.h"

namespace tales {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Key;
using ::testing::StartsWith;

// Path -> content, or "-> TARGET" of a link.
std::map<std::string, std::string> Entries(const std::string& tar) {
  std::map<std::string, std::string> entries;
  const std::unique_ptr<archive, int (*)(archive*)> reader(archive_read_new(), archive_read_free);
  archive_read_support_format_tar(reader.get());
  EXPECT_EQ(archive_read_open_memory(reader.get(), tar.data(), tar.size()), ARCHIVE_OK);
  archive_entry* entry = nullptr;
  while (archive_read_next_header(reader.get(), &entry) == ARCHIVE_OK) {
    std::string content(static_cast<size_t>(archive_entry_size(entry)), '\0');
    if (!content.empty()) {
      EXPECT_EQ(archive_read_data(reader.get(), content.data(), content.size()), std::ssize(content));
    }
    if (archive_entry_symlink(entry) != nullptr) content = std::string("-> ") + archive_entry_symlink(entry);
    entries[archive_entry_pathname(entry)] = content;
  }
  return entries;
}

TEST(ImagesTest, AnArchiveIsWhatDockerSaveWrites) {
  ASSERT_OK_AND_ASSIGN(TemporaryFolder folder, TemporaryFolder::Make("tales-images-test"));
  ASSERT_OK(WriteFileAtomically(folder.path() / "program", "#!/bin/true\n", 0755));
  Image image;
  image.names = {"example.test/a:1", "example.test/a:2"};
  image.files["opt/bin/program"] = {.source = folder.path() / "program", .content = {}, .link = {}};
  image.files["link"] = {.source = {}, .content = {}, .link = "opt/bin/program"};
  image.files["text"] = {.source = {}, .content = "words", .link = {}, .mode = 0644};
  image.entrypoint = {"/opt/bin/program"};
  ASSERT_OK(WriteImage(image, folder.path() / "image.tar"));
  ASSERT_OK_AND_ASSIGN(std::string archive, ReadFile(folder.path() / "image.tar"));
  const auto outer = Entries(archive);
  const json manifest = json::parse(outer.at("manifest.json"));
  ASSERT_TRUE(manifest.is_array());
  EXPECT_EQ(manifest[0]["RepoTags"], json::array({"example.test/a:1", "example.test/a:2"}));
  const json config = json::parse(outer.at(manifest[0]["Config"].get<std::string>()));
  EXPECT_EQ(config["config"]["Entrypoint"], json::array({"/opt/bin/program"}));
  EXPECT_THAT(config["rootfs"]["diff_ids"][0].get<std::string>(), StartsWith("sha256:"));
  const auto layer = Entries(outer.at(manifest[0]["Layers"][0].get<std::string>()));
  EXPECT_EQ(layer.at("opt/bin/program"), "#!/bin/true\n");
  EXPECT_EQ(layer.at("link"), "-> opt/bin/program");
  EXPECT_EQ(layer.at("text"), "words");
  EXPECT_THAT(layer, Contains(Key("opt/bin/")));
  EXPECT_THAT(layer, Contains(Key("tmp/")));

  // The same files are the same image: a node that has it needs no other.
  ASSERT_OK(WriteImage(image, folder.path() / "again.tar"));
  ASSERT_OK_AND_ASSIGN(std::string again, ReadFile(folder.path() / "again.tar"));
  EXPECT_EQ(Entries(again), outer);
}

TEST(ImagesTest, AProgramThatIsNotThereIsNamed) {
  ASSERT_OK_AND_ASSIGN(TemporaryFolder folder, TemporaryFolder::Make("tales-images-test"));
  Image image;
  image.names = {"example.test/a:1"};
  image.files["program"] = {.source = "/nowhere/program", .content = {}, .link = {}};
  const absl::Status status = WriteImage(image, folder.path() / "image.tar");
  EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr("/nowhere/program"));
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "image.tar"));
}

TEST(ImagesTest, TheNodesHaveThemUnderTheNamesThatTestsAskFor) {
  ASSERT_OK_AND_ASSIGN(auto images, NodeImages({{"pause", "/p"}, {"agnhost", "/a"}}, Cni::kCilium));
  std::vector<std::string> names;
  for (const auto& [file, image] : images) names.insert(names.end(), image.names.begin(), image.names.end());
  EXPECT_THAT(names, Contains("registry.k8s.io/pause:3.10"));
  EXPECT_THAT(names, Contains("registry.k8s.io/e2e-test-images/agnhost:2.53"));
  EXPECT_THAT(names, Contains("registry.k8s.io/coredns/coredns:v1.12.0"));
}

TEST(ConformanceImageTest, IsWhatKubernetesPublishesUnderThatName) {
  EXPECT_THAT(ConformanceImage({}).status(),
              testing::StatusIs(absl::StatusCode::kNotFound, ::testing::HasSubstr("lacks its program")));
  std::map<std::string, std::filesystem::path> programs;
  for (const char* name : {"go-runner", "ginkgo", "e2e.test", "kubectl"})
    programs[name] = std::string("/programs/") + name;
  const absl::StatusOr<Image> image = ConformanceImage(programs);
  if (absl::IsUnavailable(image.status())) GTEST_SKIP() << image.status().message();
  ASSERT_OK(image);
  EXPECT_THAT(image->names, Contains("registry.k8s.io/conformance:v1.32.2"));
  EXPECT_EQ(image->files.at("usr/local/bin/kubeconformance").source, "/programs/go-runner");
  EXPECT_THAT(image->files, AllOf(Contains(Key("usr/local/bin/e2e.test")), Contains(Key("usr/local/bin/ginkgo")),
                                  Contains(Key("usr/local/bin/kubectl")), Contains(Key("bin/sh"))));
  EXPECT_THAT(image->environment, Contains("RESULTS_DIR=/tmp/results"));
}

}  // namespace
}  // namespace tales
