// Every check that looks at files, on a folder whose files belong together, and on the same folder with one thing
// wrong.
#include "suites/config/checks.h"

#include <sys/stat.h>

#include "absl/strings/str_cat.h"
#include "harness/base/subprocess.h"
#include "harness/talos/talosconfig.h"
#include "suites/config/suite.h"
#include "tests/unit/config/documents.h"
#include "tests/unit/config/operator_folder.h"

namespace tales::config {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

MATCHER_P(Is, verdict, absl::StrCat("is ", ToString(verdict))) {
  *result_listener << Said(arg);
  return arg.verdict() == verdict;
}

class ConfigChecksTest : public ::testing::Test {
 protected:
  // Failed, with one problem, and no part of it empty.
  Problem OnlyProblem(const Check& check) {
    const Outcome outcome = folder_.Look(check);
    EXPECT_THAT(outcome, Is(Verdict::kFailed));
    EXPECT_THAT(outcome.problems(), SizeIs(1)) << Said(outcome);
    if (outcome.problems().empty()) return {};
    Problem problem = outcome.problems().front();
    EXPECT_FALSE(problem.expected.empty() || problem.found.empty() || problem.next.empty()) << Said(outcome);
    return problem;
  }
  OperatorFolder folder_;
};

TEST_F(ConfigChecksTest, AWholeFolderPasses) {
  for (const Check& check :
       {Talosconfig(), InputsPinned(), SecretsConsistent(), SecretsProtected(), Endpoint(), CiliumReady()}) {
    EXPECT_THAT(folder_.Look(check), Is(Verdict::kPassed)) << check.id;
  }
}

TEST_F(ConfigChecksTest, WithoutAFolderNothingIsLookedAt) {
  for (const auto& break_it : std::vector<std::function<void(ClusterDefinition&)>>{
           [](ClusterDefinition& d) { d.config.reset(); }, [](ClusterDefinition& d) { d.config->folder.clear(); },
           [](ClusterDefinition& d) { d.config->folder = "/no/such/folder"; }}) {
    folder_.definition.config = ConfigDefinition{.folder = folder_.work().string()};
    break_it(folder_.definition);
    for (const Check& check : ConfigSuite().checks) {
      if (check.id == "config.old_credentials") continue;
      EXPECT_THAT(folder_.Look(check), Is(Verdict::kUnsupported)) << check.id;
    }
  }
  EXPECT_THAT(Said(folder_.Look(Valid())), HasSubstr("no folder /no/such/folder on this machine"));
}

TEST_F(ConfigChecksTest, AFileThatCannotBeReadIsOneFailure) {
  for (const std::string& content : {std::string("version: v1alpha1\nmachine: {a: [1"), std::string("\0\1\2", 3),
                                     std::string("a: &a [*a]\nversion: v1alpha1"), std::string((8 << 20) + 1, '#')}) {
    folder_.Write("worker.yaml", content);
    EXPECT_THAT(Said(folder_.Look(Valid())), AllOf(HasSubstr("failed"), HasSubstr("worker.yaml")));
    for (const Check& check : {SecretsConsistent(), Endpoint(), InputsPinned()}) {
      EXPECT_THAT(folder_.Look(check), Is(Verdict::kUnsupported)) << check.id;
    }
  }
  std::filesystem::remove(folder_.work() / "worker.yaml");
  EXPECT_THAT(Said(folder_.Look(Valid())), HasSubstr("No such file"));
  ASSERT_EQ(mkfifo((folder_.work() / "worker.yaml").c_str(), 0600), 0);
  EXPECT_THAT(Said(folder_.Look(Valid())), HasSubstr("is no file"));
}

TEST_F(ConfigChecksTest, SecretsOfAnotherClusterAreNamedByPath) {
  const Minted other = Minted::New();
  folder_.Write("secrets.yaml", Changed(other.SecretsYaml(), "mmmmmm.0123456789abcdef", "xxxxxx.0123456789abcdef"));
  const Outcome outcome = folder_.Look(SecretsConsistent());
  EXPECT_THAT(outcome, Is(Verdict::kFailed));
  const std::string said = Said(outcome);
  EXPECT_THAT(said, AllOf(HasSubstr("worker.yaml: other values at machine.token, cluster.ca.crt, machine.ca.crt"),
                          HasSubstr("cluster.etcd.ca.key"), HasSubstr("the kept talosconfig trusts")));
  EXPECT_THAT(said, Not(HasSubstr("0123456789abcdef")));
}

TEST_F(ConfigChecksTest, OneForeignTokenIsOneProblem) {
  folder_.Change("worker.yaml", "bbbbbb.0123456789abcdef", "cccccc.0123456789abcdef");
  EXPECT_EQ(OnlyProblem(SecretsConsistent()).found, "worker.yaml: other values at cluster.token");
}

TEST_F(ConfigChecksTest, WithoutSecretsTheFilesAreComparedWithEachOther) {
  std::filesystem::remove(folder_.work() / "secrets.yaml");
  EXPECT_THAT(Said(folder_.Look(SecretsConsistent())), AllOf(HasSubstr("passed"), HasSubstr("no secrets file")));
  folder_.Change("worker.yaml", "mmmmmm.0123456789abcdef", "cccccc.0123456789abcdef");
  EXPECT_THAT(OnlyProblem(SecretsConsistent()).expected,
              HasSubstr("worker.yaml holds the secrets of controlplane.yaml"));
}

TEST_F(ConfigChecksTest, BrokenAndEncryptedSecretsSayWhatTheyAre) {
  const std::string whole = folder_.Read("secrets.yaml");
  folder_.Write("secrets.yaml", whole.substr(0, whole.find("    os:")));
  EXPECT_THAT(OnlyProblem(SecretsConsistent()).found, HasSubstr("certs.os.crt is missing; certs.os.key is missing"));
  folder_.Write("secrets.yaml", "cluster: ENC[AES256_GCM,data:x]\nsops: {version: 3.9.0}\n");
  EXPECT_THAT(OnlyProblem(SecretsConsistent()).found, HasSubstr("encrypted by SOPS"));
}

TEST_F(ConfigChecksTest, SecretsMayComeFromACommand) {
  const std::string elsewhere = (folder_.beside() / "vault").string();
  std::filesystem::rename(folder_.work() / "secrets.yaml", elsewhere);
  folder_.definition.config->secrets_command = {"cat", elsewhere};
  EXPECT_THAT(Said(folder_.Look(SecretsConsistent())), AllOf(HasSubstr("passed"), HasSubstr("what `cat ")));
  folder_.definition.config->secrets_command = {
      folder_.Script("locked.sh", "echo token: abcdef.0123456789abcdef >&2; exit 3")};
  EXPECT_THAT(Said(folder_.Look(SecretsConsistent())),
              AllOf(HasSubstr("passed"), HasSubstr("ended with exit code 3"), Not(HasSubstr("0123456789abcdef"))));
}

TEST_F(ConfigChecksTest, AnAuthoritysKeyBelongsToIt) {
  const Minted other = Minted::New();
  std::string text = folder_.Read("secrets.yaml");
  const std::string theirs = other.SecretsYaml();
  const auto key_of = [](const std::string& secrets) {
    const size_t at = secrets.find("key: ", secrets.find("    k8s: "));
    return secrets.substr(at, secrets.find('}', at) - at);
  };
  folder_.Write("secrets.yaml", Changed(text, key_of(text), key_of(theirs)));
  EXPECT_THAT(Said(folder_.Look(SecretsConsistent())),
              HasSubstr("certs.k8s.key in secrets.yaml is the key of certs.k8s.crt"));
}

TEST_F(ConfigChecksTest, AFileThatOthersCanReadIsNamedWithWhatItHolds) {
  folder_.Write("controlplane.yaml", folder_.Read("controlplane.yaml"), 0644);
  EXPECT_THAT(folder_.Look(SecretsProtected()), Is(Verdict::kPassed));  // the folder keeps others out
  std::filesystem::permissions(folder_.work(), std::filesystem::perms(0755));
  const Problem problem = OnlyProblem(SecretsProtected());
  EXPECT_THAT(problem.expected,
              AllOf(HasSubstr("controlplane.yaml can be read by its owner alone"), HasSubstr("machine.token")));
  EXPECT_THAT(problem.found, HasSubstr("its mode is 0644 and its folder's 0755"));
  EXPECT_THAT(problem.next, HasSubstr("chmod 700 "));
}

TEST_F(ConfigChecksTest, WhatGitKeepsIsNamedAlsoAfterwards) {
  if (!FindProgram("git").ok()) GTEST_SKIP() << "git is not on PATH";
  const auto git = [&](std::vector<std::string> arguments) {
    Command command{
        .argv = {"git", "-c", "user.name=x", "-c", "user.email=x@example.org", "-C", folder_.work().string()}};
    command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
    const absl::StatusOr<Finished> finished = tales::Run(command, Deadline::After(absl::Seconds(20)));
    ASSERT_OK(finished);
    ASSERT_EQ(finished->exit_code, 0) << finished->error_output;
  };
  git({"init", "-q"});
  EXPECT_THAT(folder_.Look(SecretsProtected()), Is(Verdict::kPassed));
  git({"add", "worker.yaml"});
  EXPECT_THAT(OnlyProblem(SecretsProtected()).found, HasSubstr("git tracks it, and no commit has it yet"));
  git({"commit", "-q", "-m", "x"});
  EXPECT_THAT(OnlyProblem(SecretsProtected()).found, HasSubstr("git tracks it, and commit "));
  git({"rm", "-q", "--cached", "worker.yaml"});
  git({"commit", "-q", "-m", "y"});
  EXPECT_THAT(OnlyProblem(SecretsProtected()).found, HasSubstr("git no longer tracks it, and commit "));
}

TEST_F(ConfigChecksTest, GitMayKeepWhatIsEncrypted) {
  if (!FindProgram("git").ok()) GTEST_SKIP() << "git is not on PATH";
  const std::string clear = folder_.Read("secrets.yaml");
  folder_.Write("secrets.yaml", "cluster: {secret: ENC}\nsops: {version: 3.9.0}\n");
  for (const auto& arguments : std::vector<std::vector<std::string>>{{"init", "-q"}, {"add", "secrets.yaml"}}) {
    Command command{.argv = {"git", "-C", folder_.work().string()}};
    command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
    ASSERT_OK(tales::Run(command, Deadline::After(absl::Seconds(20))));
  }
  EXPECT_THAT(folder_.Look(SecretsProtected()), Is(Verdict::kPassed));
  folder_.Write("secrets.yaml", clear);  // decrypted in place, not added
  EXPECT_THAT(folder_.Look(SecretsProtected()), Is(Verdict::kPassed));
}

TEST_F(ConfigChecksTest, ATalosconfigIsJudgedByItself) {
  folder_.Write("talosconfig", talos::WriteTalosConfig(folder_.minted().Talosconfig(-absl::Hours(24))));
  EXPECT_THAT(OnlyProblem(Talosconfig()).found, HasSubstr("it expired on "));
  folder_.Write("talosconfig", talos::WriteTalosConfig(folder_.minted().Talosconfig(absl::Hours(1), "nobody")));
  EXPECT_THAT(OnlyProblem(Talosconfig()).found, HasSubstr("roles: nobody"));
  talos::Context foreign = Minted::New().Talosconfig();
  folder_.Write("talosconfig", talos::WriteTalosConfig(foreign));
  EXPECT_THAT(OnlyProblem(Talosconfig()).expected, HasSubstr("issued by the cluster's authority"));
  talos::Context mixed = folder_.minted().Talosconfig();
  mixed.key_pem = folder_.minted().Talosconfig().key_pem;
  folder_.Write("talosconfig", talos::WriteTalosConfig(mixed));
  EXPECT_THAT(OnlyProblem(Talosconfig()).found, HasSubstr("key"));
  folder_.Write("talosconfig", "contexts: [");
  EXPECT_THAT(OnlyProblem(Talosconfig()).expected, HasSubstr("can be read"));
  std::filesystem::remove(folder_.work() / "talosconfig");
  EXPECT_THAT(folder_.Look(Talosconfig()), Is(Verdict::kUnsupported));
}

TEST_F(ConfigChecksTest, TheEndpointHasToAnswerAndToBeCovered) {
  folder_.Change("controlplane.yaml", "certSANs:\n            - 10.0.1.50", "certSANs:\n            - 192.0.2.1");
  EXPECT_EQ(OnlyProblem(Endpoint()).expected, "controlplane.yaml: cluster.apiServer.certSANs covers 10.0.1.50");
  folder_.Write("controlplane.yaml", folder_.minted().ConfigYaml(Role::kControlPlane));
  folder_.Change("worker.yaml", "https://10.0.1.50:6443", "https://10.0.1.51:6443");
  EXPECT_EQ(OnlyProblem(Endpoint()).found, "worker.yaml: https://10.0.1.51:6443");
}

TEST_F(ConfigChecksTest, AWorkersAddressIsNoEndpoint) {
  folder_.definition.endpoint = "https://10.0.1.100:6443";
  for (const char* file : {"controlplane.yaml", "worker.yaml"}) {
    folder_.Change(file, "https://10.0.1.50:6443", "https://10.0.1.100:6443");
  }
  folder_.Change("controlplane.yaml", "- 10.0.1.50", "- 10.0.1.100");
  EXPECT_EQ(OnlyProblem(Endpoint()).found, "10.0.1.100 is worker, a worker");
}

TEST_F(ConfigChecksTest, ASharedAddressOrADeclaredNameIsAnEndpoint) {
  const auto use = [&](const std::string& host) {
    for (const Role role : {Role::kControlPlane, Role::kWorker}) {
      const std::string file = absl::StrCat(ToString(role), ".yaml");
      folder_.Write(file, Changed(folder_.minted().ConfigYaml(role), "https://10.0.1.50:6443",
                                  absl::StrCat("https://", host, ":6443")));
    }
    folder_.Change("controlplane.yaml", "- 10.0.1.50", absl::StrCat("- ", host));
  };
  use("10.0.1.49");
  folder_.definition.endpoint.clear();
  EXPECT_EQ(OnlyProblem(Endpoint()).found, "10.0.1.49 is none of them");
  folder_.Change("controlplane.yaml",
                 "    install:", "    network: {interfaces: [{interface: eth0, vip: {ip: 10.0.1.49}}]}\n    install:");
  EXPECT_THAT(Said(folder_.Look(Endpoint())), HasSubstr("the control planes' shared address"));
  use("kube.example.org");
  folder_.definition.endpoint = "https://kube.example.org:6443";
  EXPECT_THAT(Said(folder_.Look(Endpoint())), HasSubstr("declared as endpoint"));
}

TEST_F(ConfigChecksTest, CiliumBringsCniAndReplacesKubeProxyAsDeclared) {
  folder_.Change("controlplane.yaml", "name: none", "name: flannel");
  EXPECT_EQ(OnlyProblem(CiliumReady()).found, "flannel");
  folder_.Change("controlplane.yaml", "        cni:\n            name: flannel\n", "");
  EXPECT_THAT(OnlyProblem(CiliumReady()).found, HasSubstr("Talos installs flannel"));
  folder_.Write("controlplane.yaml", folder_.minted().ConfigYaml(Role::kControlPlane));
  folder_.definition.cilium->kube_proxy_replacement = false;
  EXPECT_THAT(OnlyProblem(CiliumReady()).expected, HasSubstr("cluster.proxy.disabled: false"));
  folder_.Change("controlplane.yaml", "        disabled: true\n", "");
  EXPECT_THAT(Said(folder_.Look(CiliumReady())), HasSubstr("kube-proxy by Talos"));
  folder_.definition.cilium.reset();
  EXPECT_THAT(folder_.Look(CiliumReady()), Is(Verdict::kUnsupported));
}

TEST_F(ConfigChecksTest, VersionsAreThoseThatAreDeclared) {
  folder_.Change("worker.yaml", "kubelet:v1.32.2", "kubelet:v1.31.0");
  EXPECT_EQ(OnlyProblem(InputsPinned()).found,
            "worker.yaml: machine.kubelet.image: ghcr.io/siderolabs/kubelet:v1.31.0");
  folder_.Change("worker.yaml", "kubelet:v1.31.0", "kubelet");
  EXPECT_THAT(OnlyProblem(InputsPinned()).expected, HasSubstr("of version v1.32.2"));
  folder_.Write("worker.yaml", folder_.minted().ConfigYaml(Role::kWorker));
  folder_.definition.talos.version.clear();
  EXPECT_THAT(OnlyProblem(InputsPinned()).expected, HasSubstr("talos.version in the cluster file"));
}

TEST_F(ConfigChecksTest, OldCredentialsHaveToBeDeclared) {
  EXPECT_THAT(folder_.Look(OldCredentials()), Is(Verdict::kUnsupported));
}

TEST(ConfigSuiteTest, EveryCheckSaysWhatItAsksAndWhatTurnsIt) {
  const Suite suite = ConfigSuite();
  EXPECT_THAT(suite.checks, SizeIs(11));
  for (const Check& check : suite.checks) {
    EXPECT_EQ(check.suite(), "config");
    EXPECT_TRUE(check.question.ends_with("?")) << check.id;
    EXPECT_FALSE(check.needs.empty()) << check.id;
    EXPECT_FALSE(check.faults.empty()) << check.id;
    EXPECT_EQ(check.tier, Tier::kRead) << check.id;
    EXPECT_TRUE(check.look) << check.id;
  }
}

}  // namespace
}  // namespace tales::config
