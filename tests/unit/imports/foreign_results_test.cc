// Finding results of others in files, folders and tarballs, all of them hostile.
#include "suites/imports/foreign_results.h"

#include <archive.h>
#include <archive_entry.h>

#include "absl/strings/str_cat.h"
#include "harness/base/file.h"
#include "suites/imports/archive.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/conformance/ginkgo_junit.h"

namespace tales::imports {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using testing::StatusIs;

std::string Conformance() {
  testing::GinkgoJUnit junit;
  junit.Add("[sig-node] Lease lease API should be available [Conformance]");
  return junit.ToString();
}
const char kConnectivity[] =
    R"(<testsuites tests="1"><testsuite name="connectivity test" package="cilium" tests="1">
<testcase name="no-policies" classname="connectivity test" status="passed" time="3.6"></testcase></testsuite></testsuites>)";

class ForeignResultsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto folder = TemporaryFolder::Make("tales-imports-test");
    ASSERT_OK(folder);
    folder_ = std::make_unique<TemporaryFolder>(*std::move(folder));
  }
  fs::path Write(const std::string& name, std::string_view content) {
    const fs::path path = folder_->path() / name;
    fs::create_directories(path.parent_path());
    EXPECT_OK(WriteFileAtomically(path, content));
    return path;
  }
  // A gzipped tar of (name, content).
  fs::path Tar(const std::string& name, const std::vector<std::pair<std::string, std::string>>& files) {
    const fs::path path = folder_->path() / name;
    struct archive* out = archive_write_new();
    archive_write_add_filter_gzip(out);
    archive_write_set_format_pax_restricted(out);
    EXPECT_EQ(archive_write_open_filename(out, path.c_str()), ARCHIVE_OK);
    for (const auto& [file, content] : files) {
      struct archive_entry* entry = archive_entry_new();
      archive_entry_set_pathname(entry, file.c_str());
      archive_entry_set_size(entry, static_cast<la_int64_t>(content.size()));
      archive_entry_set_filetype(entry, AE_IFREG);
      archive_entry_set_perm(entry, 0644);
      archive_write_header(out, entry);
      archive_write_data(out, content.data(), content.size());
      archive_entry_free(entry);
    }
    archive_write_close(out);
    archive_write_free(out);
    return path;
  }
  ForeignResults Read(const fs::path& import, Tool tool = Tool::kConformance) {
    return ReadForeignResults({import}, tool, keep_);
  }

  std::unique_ptr<TemporaryFolder> folder_;
  fs::path keep_;
};

TEST_F(ForeignResultsTest, AFileIsTakenForWhatItIs) {
  const fs::path file = Write("any.xml", Conformance());
  const ForeignResults found = Read(file);
  ASSERT_THAT(found.results, SizeIs(1));
  EXPECT_EQ(found.results[0].origin, file.string());
  ASSERT_OK(found.results[0].junit);
  EXPECT_THAT(found.results[0].junit->cases(), SizeIs(1));
  EXPECT_THAT(found.strangers, IsEmpty());
  // The other tool's reader passes it by.
  EXPECT_THAT(Read(file, Tool::kConnectivity).results, IsEmpty());
  EXPECT_THAT(Read(file, Tool::kConnectivity).strangers, IsEmpty());
}

TEST_F(ForeignResultsTest, AFolderOfHydrophone) {
  Write("out/junit_01.xml", Conformance());
  Write("out/e2e.log", "[1732] Kubernetes e2e suite - 411/6622 specs SSS\nRan 411 of 6622 Specs in 6390 seconds\n");
  const ForeignResults found = Read(folder_->path() / "out");
  ASSERT_THAT(found.results, SizeIs(1));
  EXPECT_THAT(found.results[0].origin, EndsWith("out/junit_01.xml"));
  EXPECT_THAT(found.results[0].log, HasSubstr("Ran 411 of 6622"));
}

TEST_F(ForeignResultsTest, ATarballOfSonobuoy) {
  const fs::path tar =
      Tar("202503020100_sonobuoy_x.tar.gz",
          {{"meta/run.log", "sonobuoy"},
           {"plugins/e2e/results/global/junit_01.xml", Conformance()},
           {"plugins/e2e/results/global/e2e.log", "I0302 Starting e2e run \"u-u-i-d\" on Ginkgo node 1\n"},
           {"podlogs/kube-system/x/logs/coredns.txt", "noise"}});
  for (const fs::path& import : {tar, folder_->path()}) {
    const ForeignResults found = Read(import);
    ASSERT_THAT(found.results, SizeIs(1)) << import;
    EXPECT_THAT(found.results[0].origin, EndsWith(".tar.gz: plugins/e2e/results/global/junit_01.xml"));
    EXPECT_THAT(found.results[0].log, HasSubstr("u-u-i-d"));
    EXPECT_THAT(found.strangers, IsEmpty());
  }
}

TEST_F(ForeignResultsTest, ALogWithoutAJUnitIsARunThatLeftNone) {
  Write("out/e2e.log", "[1732] Kubernetes e2e suite - 411/6622 specs SSS");
  const ForeignResults found = Read(folder_->path() / "out");
  ASSERT_THAT(found.results, SizeIs(1));
  EXPECT_THAT(found.results[0].junit.status(), StatusIs(absl::StatusCode::kNotFound, HasSubstr("no JUnit")));
}

TEST_F(ForeignResultsTest, BothToolsInOneFolderAreToldApart) {
  Write("e2e/junit_01.xml", Conformance());
  Write("cilium/one.xml", kConnectivity);
  Write("cilium/one.log", "Waiting for deployment cilium-test-1/client to become ready...\n");
  Write("cilium/two.xml", kConnectivity);
  Write("cilium/two.log", "cilium-test-1: second\n");
  EXPECT_THAT(Read(folder_->path()).results, SizeIs(1));
  const ForeignResults connectivity = Read(folder_->path(), Tool::kConnectivity);
  ASSERT_THAT(connectivity.results, SizeIs(2));
  EXPECT_THAT(connectivity.results[0].log, HasSubstr("client"));
  EXPECT_THAT(connectivity.results[1].log, HasSubstr("second"));
  EXPECT_THAT(connectivity.strangers, IsEmpty());
}

TEST_F(ForeignResultsTest, OneRunsLogIsNotAnothers) {
  Write("two/before.xml", kConnectivity);
  Write("two/after.xml", kConnectivity);
  Write("two/before.log", "cilium-test-1: before\n");
  const ForeignResults found = Read(folder_->path() / "two", Tool::kConnectivity);
  ASSERT_THAT(found.results, SizeIs(2));
  EXPECT_THAT(found.results[0].origin, EndsWith("after.xml"));
  EXPECT_EQ(found.results[0].log, "");
  EXPECT_THAT(found.results[1].log, HasSubstr("before"));
}

TEST_F(ForeignResultsTest, WhatIsNobodysIsAStranger) {
  for (const auto& [name, content, why] : std::vector<std::array<std::string, 3>>{
           {"a.xml", "<testsuite name=\"mine\"><testcase name=\"x\"/></testsuite>", "its suite is \"mine\""},
           {"b.xml", "<html/>", "not JUnit"},
           {"c.xml", "", "empty"},
           {"d.txt", "hello", "not XML"}}) {
    const fs::path file = Write(name, content);
    for (const Tool tool : {Tool::kConformance, Tool::kConnectivity}) {
      const ForeignResults found = Read(file, tool);
      EXPECT_THAT(found.results, IsEmpty());
      ASSERT_THAT(found.strangers, SizeIs(1)) << name;
      EXPECT_THAT(std::string(found.strangers[0].message()), AllOf(HasSubstr(name), HasSubstr(why)));
    }
  }
}

// Whose it was nobody can tell, and the other tool may not be asked in this run.
TEST_F(ForeignResultsTest, WhatIsNotThereIsAStrangerToEachTool) {
  fs::create_directories(folder_->path() / "cilium");
  for (const char* name :
       {"junit_01.xml", "cilium-connectivity.xml", "cilium-home/results/junit_01.xml", "results", "cilium"}) {
    for (const Tool tool : {Tool::kConformance, Tool::kConnectivity}) {
      EXPECT_THAT(Read(folder_->path() / name, tool).strangers, SizeIs(1)) << name;
    }
  }
  EXPECT_THAT(std::string(Read(folder_->path() / "cilium").strangers.at(0).message()), HasSubstr("holds no JUnit"));
}

TEST_F(ForeignResultsTest, AFoldersNameSaysNothingOfWhatIsInIt) {
  const fs::path file = Write("cilium-home/results/junit_01.xml", "");
  EXPECT_THAT(Read(file).results, SizeIs(1));
  EXPECT_THAT(Read(file, Tool::kConnectivity).results, IsEmpty());
  // A file's own does, where nothing else can.
  const fs::path own = Write("e2e/cilium-connectivity.xml", "");
  EXPECT_THAT(Read(own).results, IsEmpty());
  EXPECT_THAT(Read(own, Tool::kConnectivity).results, SizeIs(1));
}

TEST_F(ForeignResultsTest, WhatCannotBeReadIsToldBesideWhatCan) {
  Write("out/junit_01.xml", Conformance());
  Write("out/results.xml", "");
  Write("out/other.xml", "<testsuite name=\"mine\"><testcase name=\"x\"/></testsuite>");
  const ForeignResults found = Read(folder_->path() / "out");
  EXPECT_THAT(found.results, SizeIs(1));
  ASSERT_THAT(found.strangers, SizeIs(2));
  EXPECT_THAT(std::string(found.strangers[0].message()), HasSubstr("other.xml: is JUnit, but"));
  EXPECT_THAT(std::string(found.strangers[1].message()), HasSubstr("results.xml"));
}

TEST_F(ForeignResultsTest, ATruncatedFileIsStillKnownForWhatItIs) {
  const std::string whole = Conformance();
  const ForeignResults found = Read(Write("x.xml", whole.substr(0, whole.size() - 40)));
  ASSERT_THAT(found.results, SizeIs(1));
  EXPECT_THAT(found.results[0].junit.status(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("ends in the middle")));
}

TEST_F(ForeignResultsTest, KeepsTheFilesAsTheyAre) {
  keep_ = folder_->path() / "kept";
  fs::create_directories(keep_);
  Read(Write("out/junit_01.xml", Conformance()));
  ASSERT_OK_AND_ASSIGN(const std::string kept, ReadFile(keep_ / "1-junit_01.xml"));
  EXPECT_EQ(kept, Conformance());
}

TEST_F(ForeignResultsTest, EntitiesAreNotExpanded) {
  const std::string bomb =
      "<?xml version=\"1.0\"?><!DOCTYPE t [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">"
      "<!ENTITY f SYSTEM \"file:///etc/passwd\">]>"
      "<testsuites><testsuite name=\"Kubernetes e2e suite\"><testcase name=\"[It] &b;&f;\"/></testsuite></testsuites>";
  const ForeignResults found = Read(Write("bomb.xml", bomb));
  ASSERT_THAT(found.results, SizeIs(1));
  if (found.results[0].junit.ok()) {
    EXPECT_EQ(found.results[0].junit->cases()[0].name, "[It] &b;&f;");
  }
}

TEST_F(ForeignResultsTest, ATarballThatEndsInTheMiddle) {
  std::string noise;
  for (int i = 0; i < 200'000; ++i) noise += static_cast<char>('a' + (i * 7919 % 26));
  const fs::path tar = Tar("sonobuoy.tar.gz", {{"junit_01.xml", Conformance()}, {"x.log", noise}});
  std::error_code error;
  fs::resize_file(tar, fs::file_size(tar) / 2, error);
  ASSERT_FALSE(error);
  const ForeignResults found = Read(tar);
  ASSERT_THAT(found.strangers, SizeIs(1));
  EXPECT_THAT(found.strangers[0], StatusIs(absl::StatusCode::kDataLoss, HasSubstr("sonobuoy.tar.gz: cut off")));
}

TEST_F(ForeignResultsTest, ATarballThatIsNone) {
  const auto nothing = [](std::string_view) { return true; };
  const auto drop = [](const std::string&, const std::string&) {};
  EXPECT_THAT(ReadArchive(Write("a.tar.gz", "no archive at all"), nothing, drop),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("not a tar archive")));
  EXPECT_FALSE(ReadArchive(Write("b.tar.gz", ""), nothing, drop).ok());
  EXPECT_THAT(ReadArchive(folder_->path() / "none.tar.gz", nothing, drop),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("none.tar.gz")));
}

TEST_F(ForeignResultsTest, ATarballBombEndsAtTheLimit) {
  const fs::path tar =
      Tar("bomb.tar.gz", {{"skipped.bin", std::string(8 << 20, '\0')}, {"junit.xml", std::string(4 << 20, ' ')}});
  ASSERT_LT(fs::file_size(tar), 100'000u);
  size_t taken = 0;
  const auto xml = [](std::string_view name) { return name.ends_with(".xml"); };
  const auto take = [&](const std::string&, const std::string& content) { taken += content.size(); };
  ASSERT_OK(ReadArchive(tar, xml, take));
  EXPECT_EQ(taken, size_t{4 << 20});
  EXPECT_THAT(ReadArchive(tar, xml, take, {.unpacked = 1 << 20}),
              StatusIs(absl::StatusCode::kOutOfRange, HasSubstr("more than 1048576 bytes unpacked")));
  EXPECT_THAT(ReadArchive(tar, xml, take, {.wanted = 1 << 20}),
              StatusIs(absl::StatusCode::kOutOfRange, HasSubstr("bytes of results")));
  EXPECT_THAT(ReadArchive(tar, xml, take, {.entries = 1}),
              StatusIs(absl::StatusCode::kOutOfRange, HasSubstr("more than 1 entries")));
}

}  // namespace
}  // namespace tales::imports
