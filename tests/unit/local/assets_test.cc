#include "fixtures/local/assets.h"

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "fixtures/local/asset_build.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "harness/base/file.h"
#include "tests/support/status_matchers.h"

namespace tales {
namespace {

using tales::testing::IsOkAndHolds;
using tales::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;

class AssetsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto folder = TemporaryFolder::Make("tales-assets-test");
    ASSERT_OK(folder);
    folder_ = std::make_unique<TemporaryFolder>(*std::move(folder));
    setenv("PATH", (folder_->path() / "bin").c_str(), 1);
    setenv("TALES_CACHE", (folder_->path() / "cache").c_str(), 1);
    unsetenv("KUBEBUILDER_ASSETS");
  }
  void TearDown() override { setenv("PATH", path_.c_str(), 1); }
  std::filesystem::path Program(const std::string& path, const std::string& says = "") {
    const std::filesystem::path full = folder_->path() / path;
    std::filesystem::create_directories(full.parent_path());
    EXPECT_OK(WriteFileAtomically(full, "#!/bin/sh\necho '" + says + "'\n", 0755));
    return full;
  }
  const Asset& scheduler() { return ControlPlaneAssets()[3]; }
  std::unique_ptr<TemporaryFolder> folder_;
  AssetRequest request_{.may_build = false};

 private:
  std::string path_ = std::getenv("PATH");
};

TEST_F(AssetsTest, SaysWhatIsMissingAndTheTwoWaysToGetIt) {
  EXPECT_THAT(FindControlPlanePrograms(request_),
              StatusIs(absl::StatusCode::kNotFound, AllOf(HasSubstr("etcd (etcd-v3.5.18)"), HasSubstr("--assets DIR"),
                                                          HasSubstr("install Go 1.23"))));
}

TEST_F(AssetsTest, WithoutGoItCannotBeBuilt) {
  if (std::filesystem::exists("/usr/local/go/bin/go")) GTEST_SKIP() << "there is a Go toolchain outside of PATH";
  request_.may_build = true;
  EXPECT_THAT(FindAsset(scheduler(), request_), StatusIs(absl::StatusCode::kNotFound, HasSubstr("could not be built")));
}

TEST_F(AssetsTest, AFolderThatWasNamedHoldsThemAll) {
  request_.folder = folder_->path() / "given";
  const std::filesystem::path etcd = Program("given/etcd");
  EXPECT_THAT(FindAsset(ControlPlaneAssets()[0], request_), IsOkAndHolds(etcd));
  EXPECT_THAT(FindControlPlanePrograms(request_),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("holds no program kube-apiserver")));
}

TEST_F(AssetsTest, KubebuilderComesBeforePathBeforeTheCache) {
  const std::filesystem::path cached = Program("cache/assets/kubernetes-v1.32.2/kube-scheduler");
  EXPECT_THAT(FindAsset(scheduler(), request_), IsOkAndHolds(cached));
  const std::filesystem::path in_path = Program("bin/kube-scheduler", "Kubernetes v1.32.7");
  EXPECT_THAT(FindAsset(scheduler(), request_), IsOkAndHolds(in_path));
  const std::filesystem::path kubebuilder = Program("kubebuilder/kube-scheduler");
  setenv("KUBEBUILDER_ASSETS", kubebuilder.parent_path().c_str(), 1);
  EXPECT_THAT(FindAsset(scheduler(), request_), IsOkAndHolds(kubebuilder));
}

TEST_F(AssetsTest, AnotherVersionInPathIsPassedBy) {
  Program("bin/kube-scheduler", "Kubernetes v1.31.0");
  const std::filesystem::path cached = Program("cache/assets/kubernetes-v1.32.2/kube-scheduler");
  EXPECT_THAT(FindAsset(scheduler(), request_), IsOkAndHolds(cached));
}

TEST_F(AssetsTest, TheOptionalOnesAreFoundInTheSameOrder) {
  Program("bin/e2e.test", "v1.31.0");
  const std::filesystem::path cached = Program("cache/assets/kubernetes-v1.32.2/e2e.test");
  EXPECT_THAT(FindAsset(E2eTestAsset(), request_), IsOkAndHolds(cached));
  const std::filesystem::path in_path = Program("bin/e2e.test", "v1.32.2");
  EXPECT_THAT(FindAsset(E2eTestAsset(), request_), IsOkAndHolds(in_path));
  const std::filesystem::path kubectl = Program("bin/kubectl", "Client Version: v1.32.4");
  EXPECT_THAT(FindAsset(KubectlAsset(), request_), IsOkAndHolds(kubectl));
}

TEST_F(AssetsTest, WhatHasNoVersionToAskForIsNotTakenFromPath) {
  const std::filesystem::path cached = Program("cache/assets/cni-plugins-v1.6.0/loopback");
  Program("bin/loopback");
  EXPECT_THAT(FindAsset(*FindAssetByName("loopback"), request_), IsOkAndHolds(cached));
}

TEST_F(AssetsTest, ANodeIsMissingWhatItsProgramsAre) {
  EXPECT_THAT(FindAssets(NodeAssets(), request_), StatusIs(absl::StatusCode::kNotFound, HasSubstr("kubelet")));
}

TEST(AssetNamesTest, EveryAssetHasItsName) {
  for (const char* name : {"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl", "e2e.test",
                           "kubelet", "containerd", "runc", "ptp", "pause", "agnhost", "ginkgo", "go-runner"}) {
    const Asset* asset = FindAssetByName(name);
    ASSERT_NE(asset, nullptr) << name;
    EXPECT_EQ(asset->program, name);
  }
  EXPECT_EQ(FindAssetByName("kubeadm"), nullptr);
}

TEST(GoVersionTest, TakesWhatCanBuildTheModules) {
  EXPECT_TRUE(IsGoRecentEnough("go version go1.23.4 linux/amd64\n"));
  EXPECT_TRUE(IsGoRecentEnough("go version go1.26 linux/arm64"));
  EXPECT_FALSE(IsGoRecentEnough("go version go1.19.8 linux/amd64"));
  EXPECT_FALSE(IsGoRecentEnough("go version go1.x"));
  EXPECT_FALSE(IsGoRecentEnough(""));
}

TEST(AssetModulesTest, ThePinnedModulesAreThere) {
  for (const Asset& asset : ControlPlaneAssets()) {
    EXPECT_TRUE(std::filesystem::exists(AssetModules() / asset.module_folder / "go.sum")) << asset.program;
  }
  for (const std::vector<Asset>* assets : {&NodeAssets(), &CiliumAssets()}) {
    for (const Asset& asset : *assets) {
      const std::filesystem::path folder = AssetModules() / asset.module_folder;
      EXPECT_TRUE(std::filesystem::exists(folder / "go.mod")) << asset.program;
      if (asset.replaces.empty()) continue;
      const std::filesystem::path ours = folder / "replaced" / std::filesystem::path(asset.replaces).filename();
      EXPECT_TRUE(std::filesystem::exists(ours)) << ours;
    }
  }
}

}  // namespace
}  // namespace tales
