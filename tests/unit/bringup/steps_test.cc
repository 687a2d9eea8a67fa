// Single steps, where the world is not as one would like it.
#include <sys/stat.h>

#include "absl/strings/str_cat.h"
#include "tests/unit/bringup/fake_world.h"

namespace tales::bringup {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

std::string Found(const FakeWorld::Outcome& up) { return std::string(up.result.status.message()); }

TEST(Secrets, AreNeverMintedUnasked) {
  FakeWorld world;
  std::filesystem::remove(world.folder.work() / "secrets.yaml");
  const FakeWorld::Outcome up = world.Up();
  EXPECT_THAT(Found(up), AllOf(HasSubstr("step secrets: there is no "), HasSubstr("were not asked for")));
  EXPECT_THAT(up.of("secrets").next, HasSubstr("--new-secrets"));
}

TEST(Secrets, AreMintedWhenAskedForAndKept) {
  FakeWorld world;
  const auto ask = [](Site& site, ExecuteOptions&) { site.new_secrets = true; };
  // What is there stays.
  const std::string before = world.folder.Read("secrets.yaml");
  world.minted = config::Minted::New().SecretsYaml();
  ASSERT_OK(world.Up(ask).result.status);
  EXPECT_EQ(world.folder.Read("secrets.yaml"), before);

  FakeWorld other;
  std::filesystem::remove(other.folder.work() / "secrets.yaml");
  ASSERT_OK(other.Up(ask).result.status);
  EXPECT_EQ(other.folder.Read("secrets.yaml"), other.minted);
  struct stat info;
  ASSERT_EQ(stat((other.folder.work() / "secrets.yaml").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600u);
}

TEST(Secrets, OfACommandGoToAPrivateFileOnce) {
  FakeWorld world;
  std::filesystem::remove(world.folder.work() / "secrets.yaml");
  world.definition.config->secrets_file.clear();
  world.definition.config->secrets_command = {"print-secrets"};
  ASSERT_OK(world.Up().result.status);
  struct stat info;
  ASSERT_EQ(stat((world.state.path() / "secrets.yaml").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600u);
  world.minted = config::Minted::New().SecretsYaml();
  EXPECT_OK(world.Up().result.status);
}

TEST(Secrets, OfAnotherClusterAreRefused) {
  FakeWorld world;
  world.definition.authority = "sha256:" + std::string(64, '0');
  EXPECT_THAT(Found(world.Up()), HasSubstr("the cluster file declares"));
  world.definition.authority.clear();
  ASSERT_OK(world.Up().result.status);
  world.folder.Write("secrets.yaml", config::Minted::New().SecretsYaml());
  EXPECT_THAT(Found(world.Up()), HasSubstr("this cluster was begun with"));
}

TEST(Generate, NeverOverwritesWhatDiffers) {
  FakeWorld world;
  const std::filesystem::path master = world.folder.beside() / "master";
  std::filesystem::copy(world.folder.work(), master);
  world.definition.config->generator_command = {
      world.folder.Script("gen.sh", absl::StrCat("cp ", master.string(), "/controlplane.yaml ", master.string(),
                                                 "/worker.yaml ", master.string(), "/talosconfig .\n"))};
  std::filesystem::remove(world.folder.work() / "worker.yaml");
  world.folder.Write("controlplane.yaml", "# by hand\n" + world.folder.Read("controlplane.yaml"));
  FakeWorld::Outcome up = world.Up();
  EXPECT_THAT(Found(up),
              AllOf(HasSubstr("step generate"), HasSubstr("controlplane.yaml is not what the generator makes")));
  EXPECT_THAT(world.folder.Read("controlplane.yaml"), HasSubstr("# by hand"));
  std::filesystem::remove(world.folder.work() / "controlplane.yaml");
  up = world.Up();
  ASSERT_OK(up.result.status);
  EXPECT_EQ(world.folder.Read("worker.yaml"), *ReadFile(master / "worker.yaml"));
}

TEST(Generate, WithoutAGeneratorFilesMustBeThereAndBelongToTheSecrets) {
  FakeWorld world;
  world.folder.Write("worker.yaml", config::Minted::New().ConfigYaml(Role::kWorker));
  EXPECT_THAT(Found(world.Up()), HasSubstr("is not the authority of"));
  FakeWorld other;
  std::filesystem::remove(other.folder.work() / "worker.yaml");
  EXPECT_THAT(Found(other.Up()), AllOf(HasSubstr("worker.yaml"), HasSubstr("no config.generator in the cluster file")));
  EXPECT_TRUE(other.orders.empty());
}

TEST(Validate, GoesOnWithoutTalosctl) {
  FakeWorld world;
  world.talosctl = false;
  const FakeWorld::Outcome up = world.Up();
  ASSERT_OK(up.result.status);
  EXPECT_THAT(up.of("validate").found, HasSubstr("not on PATH"));
}

TEST(Machine, OfSomebodyElseIsNotTouched) {
  FakeWorld world;
  world.machines["control"].power = PowerState::kOff;
  world.machines["control"].ours = false;
  EXPECT_THAT(Found(world.Up()), HasSubstr("does not carry our mark"));
  EXPECT_TRUE(world.orders.empty());
}

TEST(Machine, WhoseSettingsCannotBeReadIsAskedAbout) {
  FakeWorld world;
  world.machines["control"].by_hand = true;
  world.machines["control"].settings = {{"video", "vmvga", ""}, {"cpus", "2", "1"}};
  FakeWorld::Outcome up = world.Up();
  ASSERT_OK(up.result.status);
  EXPECT_THAT(up.lines, Contains("create/control: by hand: set the video card"));
  up = world.Up();
  EXPECT_EQ(up.of("create/control").outcome, StepOutcome::kAlready);
}

TEST(Machine, HostThatDoesNotAnswerIsTold) {
  FakeWorld world;
  world.host_answers = false;
  const FakeWorld::Outcome up = world.Up();
  EXPECT_THAT(Found(up), AllOf(HasSubstr("step create/control"), HasSubstr("the host does not answer")));
}

TEST(Machine, WithForeignSecretsIsNotTouched) {
  FakeWorld world;
  world.machines["control"].power = PowerState::kOn;
  world.machines["control"].foreign = true;
  const FakeWorld::Outcome up = world.Up();
  EXPECT_THAT(Found(up), AllOf(HasSubstr("maintenance/control"), HasSubstr("other secrets")));
}

TEST(Machine, InstallationThatFailsIsToldAndTriedAgainByTheNextRun) {
  FakeWorld world;
  world.machines["control"].install_fails = true;
  FakeWorld::Outcome up = world.Up();
  EXPECT_THAT(Found(up), AllOf(HasSubstr("step install/control"), HasSubstr("the installation failed")));
  world.machines["control"].install_fails = false;
  up = world.Up();
  EXPECT_OK(up.result.status);
}

TEST(Bootstrap, IsRepeatedUntilItIsTaken) {
  FakeWorld world;
  world.refuse_bootstraps = 4;
  const FakeWorld::Outcome up = world.Up();
  ASSERT_OK(up.result.status);
  EXPECT_EQ(world.bootstraps, 1);
  EXPECT_THAT(up.lines, Contains(HasSubstr("bootstrap is not available yet")));
}

TEST(Pause, TellsTroubleFromTheMissingNetworkPlugin) {
  FakeWorld world;
  world.machines["control"].not_ready = "PLEG is not healthy";
  const FakeWorld::Outcome up = world.Up();
  EXPECT_THAT(Found(up), AllOf(HasSubstr("step registered/control"), HasSubstr("PLEG is not healthy")));
}

TEST(Crds, AreAppliedFromTheirFolder) {
  FakeWorld world;
  const std::filesystem::path folder = world.state.path() / "crds";
  std::filesystem::create_directories(folder);
  ASSERT_OK(
      WriteFileAtomically(folder / "a.yaml", "kind: CustomResourceDefinition\nmetadata: {name: a.example.org}\n"));
  world.definition.crds["prometheusOperator"] = {.version = "v0.80.1", .source = folder.string()};
  const FakeWorld::Outcome up = world.Up();
  ASSERT_OK(up.result.status);
  EXPECT_EQ(up.of("crds/prometheusOperator").found, "1 CRDs are Established");
}

constexpr char kSomeCrd[] = "kind: CustomResourceDefinition\nmetadata: {name: a.example.org}\n";
constexpr char kSomeDigest[] = "d8afc22476dbed8156852b59673efa557843964b657a9b1a63d352f2c0ee8388";

TEST(Crds, OfAUrlAreAppliedOnlyByTheirDigest) {
  FakeWorld world;
  const std::string url = "https://example.org/crds.yaml";
  CrdsDefinition& crds = world.definition.crds["prometheusOperator"];
  crds = {.version = "v0.80.1", .source = url};
  EXPECT_THAT(Found(world.Up()), HasSubstr("https://example.org/crds.yaml: 404"));
  world.pages[url] = "<html>not found</html>";
  EXPECT_THAT(Found(world.Up()), AllOf(HasSubstr("crds.yaml"), HasSubstr("raw.githubusercontent.com")));
  world.pages[url] = kSomeCrd;
  const std::string refused = Found(world.Up());
  EXPECT_THAT(refused, AllOf(HasSubstr("does not say by which digest"),
                             HasSubstr(absl::StrCat("crds: {prometheusOperator: {version: v0.80.1, source: \"", url,
                                                    "\", sha256: ", kSomeDigest, "}}"))));
  EXPECT_FALSE(world.objects.contains("customresourcedefinitions//a.example.org"));
  crds.sha256 = std::string(64, '0');
  EXPECT_THAT(Found(world.Up()), AllOf(HasSubstr("has SHA-256"), HasSubstr("the cluster file says 0000")));
  EXPECT_FALSE(world.objects.contains("customresourcedefinitions//a.example.org"));
  crds.sha256 = kSomeDigest;
  ASSERT_OK(world.Up().result.status);
  EXPECT_TRUE(world.objects.contains("customresourcedefinitions//a.example.org"));

  // Kept: nobody is asked again, also for another cluster of the same state.
  const int downloads = world.downloads;
  world.pages.clear();
  world.objects.erase("customresourcedefinitions//a.example.org");
  ASSERT_OK(world.Up().result.status);
  EXPECT_EQ(world.downloads, downloads);
  const std::filesystem::path kept = world.state.path() / "downloads" / kSomeDigest;
  ASSERT_OK(WriteFileAtomically(kept, "kind: CustomResourceDefinition\nmetadata: {name: evil.example.org}\n"));
  EXPECT_THAT(Found(world.Up()), HasSubstr("is damaged"));
  EXPECT_FALSE(world.objects.contains("customresourcedefinitions//evil.example.org"));
}

TEST(Crds, OfAFolderOfAUrlAreNamedOneByOne) {
  FakeWorld world;
  CrdsDefinition& crds = world.definition.crds["prometheusOperator"];
  crds = {.version = "v0.80.1", .source = "https://example.org/crds/"};
  EXPECT_THAT(Found(world.Up()), HasSubstr("name what is in it"));
  crds.files = {{"a.yaml", ""}, {"b.yaml", ""}};
  world.pages["https://example.org/crds/a.yaml"] = kSomeCrd;
  world.pages["https://example.org/crds/b.yaml"] = "kind: CustomResourceDefinition\nmetadata: {name: b.example.org}\n";
  EXPECT_THAT(Found(world.Up()),
              HasSubstr(absl::StrCat("files: {a.yaml: ", kSomeDigest,
                                     ", b.yaml: 1556c3011add06ae4035e52dc27ff3be63bd3a716c075e8e2890692e7bbe97f3}}}")));
  crds.files = {{"a.yaml", kSomeDigest},
                {"b.yaml", "1556c3011add06ae4035e52dc27ff3be63bd3a716c075e8e2890692e7bbe97f3"}};
  const FakeWorld::Outcome up = world.Up();
  ASSERT_OK(up.result.status);
  EXPECT_EQ(up.of("crds/prometheusOperator").found, "2 CRDs are Established");
}

TEST(Cilium, WithoutHelmItSaysSo) {
  FakeWorld world;
  world.helm = false;
  const FakeWorld::Outcome up = world.Up();
  EXPECT_THAT(Found(up),
              AllOf(HasSubstr("step cilium/release"), HasSubstr("helm is not on PATH"), HasSubstr("install helm")));
}

TEST(Cilium, TheChartsDependencyIsFetchedWhereItIsMissing) {
  FakeWorld world;
  const std::filesystem::path chart = world.state.path() / "chart";
  ASSERT_OK(WriteFileAtomically(chart / "Chart.yaml",
                                "name: cilium\nversion: 1.0.0\ndependencies:\n- {name: cilium, version: 1.17.1}\n"));
  EXPECT_THAT(Found(world.Up()), AllOf(HasSubstr("step cilium/chart"), HasSubstr("cilium 1.17.1 is not in charts/")));
  std::filesystem::create_directories(chart / "charts");
  ASSERT_OK(WriteFileAtomically(chart / "charts" / "cilium-1.17.1.tgz", "x"));
  EXPECT_OK(world.Up().result.status);
}

TEST(ColdBoot, WithoutItsKernelArgumentsFails) {
  FakeWorld world;
  world.machines["control"].wrong_arguments = true;
  const FakeWorld::Outcome up = world.Up();
  EXPECT_THAT(Found(up), AllOf(HasSubstr("step cold-boot/control"), HasSubstr("has not got vga=792")));
  EXPECT_THAT(up.of("cold-boot/control").next, HasSubstr("tales upgrade"));
}

TEST(ColdBoot, ByKexecIsNone) {
  FakeWorld world;
  world.machines["worker"].comes_back_by_kexec = true;
  const FakeWorld::Outcome up = world.Up();
  EXPECT_THAT(Found(up), AllOf(HasSubstr("step cold-boot/worker"), HasSubstr("kexec")));
  world.machines["worker"].comes_back_by_kexec = false;
  EXPECT_OK(world.Up().result.status);
}

TEST(MergeKubeconfig, AddsAndKeepsTheRest) {
  FakeWorld world;
  const std::filesystem::path own = world.state.path() / "own";
  const std::string before =
      "apiVersion: v1\nkind: Config\nclusters: [{name: other, cluster: {server: 'https://1.2.3.4:6443'}}]\n"
      "users: [{name: me, user: {token: secret-token}}]\ncontexts: [{name: other, context: {cluster: other, user: "
      "me}}]\n"
      "current-context: other\n";
  ASSERT_OK(WriteFileAtomically(own, before, 0600));
  const auto ask = [&](Site& site, ExecuteOptions&) { site.merge_into = own; };
  ASSERT_OK(world.Up(ask).result.status);
  EXPECT_EQ(*ReadFile(absl::StrCat(own.string(), ".before-tales")), before);
  const auto current = kube::LoadKubeconfig(own, "");
  ASSERT_OK(current);
  EXPECT_EQ(current->server, "https://1.2.3.4:6443");
  EXPECT_EQ(current->token, "secret-token");
  const auto ours = kube::LoadKubeconfig(own, "admin@test");
  ASSERT_OK(ours);
  EXPECT_EQ(ours->server, "https://10.0.1.50:6443");
  const std::string merged = *ReadFile(own);
  EXPECT_OK(world.Up(ask).result.status);
  EXPECT_EQ(*ReadFile(own), merged);
}

}  // namespace
}  // namespace tales::bringup
