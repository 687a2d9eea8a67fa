#include "harness/definition/cluster_file.h"

#include <cstdlib>

#include "harness/base/file.h"
#include "tests/support/status_matchers.h"

namespace tales {
namespace {

using ::tales::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

std::filesystem::path Clusters() {
  const char* source = std::getenv("TALES_SOURCE");
  return std::filesystem::path(source == nullptr ? "." : source) / "fixtures/clusters";
}

absl::StatusOr<ClusterDefinition> Parse(std::string_view text) { return ParseClusterFile(text, "c.yaml", "/folder"); }

TEST(ClusterFile, TheSmallestOne) {
  ASSERT_OK_AND_ASSIGN(const ClusterDefinition definition, Parse("version: 1\ncluster: x\n"));
  EXPECT_EQ(definition.cluster, "x");
  EXPECT_EQ(definition.fixture, "");
  EXPECT_EQ(definition.allow, Tier::kRead);
  EXPECT_FALSE(definition.nodes_declared);
  EXPECT_EQ(definition.secure_boot, std::nullopt);
}

TEST(ClusterFile, TheSeedsClusterIsComplete) {
  ASSERT_OK_AND_ASSIGN(const ClusterDefinition tales, LoadClusterFile(Clusters() / "tales.yaml"));
  EXPECT_EQ(tales.cluster, "tales");
  EXPECT_EQ(tales.fixture, "adopt");
  EXPECT_FALSE(tales.disposable);
  EXPECT_EQ(tales.endpoint, "https://10.0.1.50:6443");
  EXPECT_EQ(tales.talos.version, "v1.9.4");
  EXPECT_EQ(tales.kubernetes.version, "v1.32.2");
  ASSERT_THAT(tales.nodes, SizeIs(2));
  ASSERT_NE(tales.FindNode("control"), nullptr);
  EXPECT_EQ(tales.FindNode("control")->role, Role::kControlPlane);
  EXPECT_EQ(tales.FindNode("control")->address, "10.0.1.50");
  EXPECT_EQ(tales.FindNode("control")->dial, "10.0.1.50");
  EXPECT_THAT(tales.FindNode("control")->taints, ElementsAre("node-role.kubernetes.io/control-plane:NoSchedule"));
  ASSERT_NE(tales.FindNodeByAddress("10.0.1.100"), nullptr);
  EXPECT_EQ(tales.FindNodeByAddress("10.0.1.100")->name, "worker");
  EXPECT_EQ(tales.FindNode("nobody"), nullptr);
  EXPECT_THAT(tales.NodesWithRole(Role::kWorker), SizeIs(1));
  ASSERT_TRUE(tales.vm.has_value());
  EXPECT_EQ(tales.vm->disk.size, "100GB");
  ASSERT_TRUE(tales.config.has_value());
  EXPECT_THAT(tales.config->kernel_arguments, ElementsAre("vga=792"));
  EXPECT_EQ(tales.secure_boot, false);
  EXPECT_EQ(tales.namespaces.at("cilium").enforce, "privileged");
  EXPECT_EQ(tales.namespaces.at("cilium-test-1").warn, "privileged");
  EXPECT_EQ(tales.crds.at("prometheusOperator").version, "v0.80.1");
  ASSERT_TRUE(tales.cilium.has_value());
  EXPECT_EQ(tales.cilium->cilium_namespace, "cilium");
  EXPECT_EQ(tales.cilium->values.at("l2podAnnouncements.enabled"), "true");
  std::vector<std::string> ids;
  for (const KnownIssue& issue : tales.known_issues) {
    ids.push_back(issue.id);
    EXPECT_NE(issue.link, "");
    EXPECT_NE(issue.reason, "");
    EXPECT_TRUE(!issue.until_date.empty() || !issue.until_version.empty());
  }
  EXPECT_THAT(ids, ElementsAre("KI-BIGTCP", "KI-GARP", "KI-KEXEC-VGA", "KI-ONE-WORKER"));
  EXPECT_EQ(tales.profiles.at("post-install").settle, absl::Minutes(10));
}

TEST(ClusterFile, TheLabIsTheSameClusterElsewhere) {
  ASSERT_OK_AND_ASSIGN(const ClusterDefinition tales, LoadClusterFile(Clusters() / "tales.yaml"));
  ASSERT_OK_AND_ASSIGN(const ClusterDefinition lab, LoadClusterFile(Clusters() / "lab.yaml"));
  EXPECT_EQ(lab.fixture, "lab");
  EXPECT_EQ(lab.nodes, tales.nodes);
  EXPECT_EQ(lab.vm, tales.vm);
  EXPECT_EQ(lab.namespaces, tales.namespaces);
  EXPECT_EQ(lab.known_issues, tales.known_issues);
  EXPECT_EQ(lab.talos.version, tales.talos.version);
  EXPECT_EQ(lab.cilium->version, tales.cilium->version);
}

TEST(ClusterFile, QemuIsTheSameClusterElsewhere) {
  ASSERT_OK_AND_ASSIGN(const ClusterDefinition tales, LoadClusterFile(Clusters() / "tales.yaml"));
  ASSERT_OK_AND_ASSIGN(const ClusterDefinition qemu, LoadClusterFile(Clusters() / "qemu.yaml"));
  EXPECT_EQ(qemu.fixture, "qemu");
  EXPECT_EQ(qemu.nodes, tales.nodes);
  EXPECT_EQ(qemu.vm, tales.vm);
  EXPECT_EQ(qemu.namespaces, tales.namespaces);
  EXPECT_EQ(qemu.talos.version, tales.talos.version);
  EXPECT_EQ(qemu.qemu->iso,
            std::filesystem::absolute(Clusters() / "talos-1.9.4-metal-amd64.iso").lexically_normal().string());
}

TEST(ClusterFile, LocalDeclaresThatThereAreNoNodes) {
  ASSERT_OK_AND_ASSIGN(const ClusterDefinition local, LoadClusterFile(Clusters() / "local.yaml"));
  EXPECT_EQ(local.fixture, "local");
  EXPECT_TRUE(local.nodes_declared);
  EXPECT_THAT(local.nodes, SizeIs(0));
  EXPECT_EQ(local.talos, TalosDefinition());
}

TEST(ClusterFile, TheNasIsTheSameClusterStoodUp) {
  ASSERT_OK_AND_ASSIGN(const ClusterDefinition tales, LoadClusterFile(Clusters() / "tales.yaml"));
  ASSERT_OK_AND_ASSIGN(const ClusterDefinition nas, LoadClusterFile(Clusters() / "synology.yaml"));
  EXPECT_EQ(nas.fixture, "synology");
  EXPECT_EQ(nas.nodes, tales.nodes);
  EXPECT_EQ(nas.vm, tales.vm);
  EXPECT_EQ(nas.talos.image, tales.talos.image);
  ASSERT_TRUE(nas.synology.has_value());
  EXPECT_EQ(nas.synology->url, "https://nas.example:5001");
  EXPECT_EQ(nas.synology->password_file,
            std::filesystem::absolute(Clusters() / "nas-password").lexically_normal().string());
}

TEST(ClusterFile, EveryFileInTheFolderLoadsAndSurvivesARoundTrip) {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(Clusters())) {
    if (entry.path().extension() != ".yaml") continue;
    SCOPED_TRACE(entry.path().string());
    ++files;
    ASSERT_OK_AND_ASSIGN(ClusterDefinition definition, LoadClusterFile(entry.path()));
    const std::string written = WriteClusterFile(definition);
    ASSERT_OK_AND_ASSIGN(ClusterDefinition again, ParseClusterFile(written, "written", "/elsewhere"));
    definition.path.clear();
    EXPECT_EQ(definition, again) << written;
    EXPECT_EQ(WriteClusterFile(again), written);
  }
  EXPECT_GE(files, 3);
}

TEST(ClusterFile, EverythingSurvivesARoundTrip) {
  ClusterDefinition d;
  d.cluster = "x.y_z";
  d.fixture = "metal";
  d.disposable = d.discovered = d.nodes_declared = true;
  d.allow = Tier::kDisruptive;
  d.endpoint = "https://[fd00::1]:6443";
  d.authority = "sha256:" + std::string(64, 'a');
  d.talos = {
      .version = "v1.10.0-beta.1", .image = "an image", .talosconfig = "/t/it's \"quoted\" \\ #1", .context = "true"};
  d.kubernetes = {.version = "v1.33.0", .kubeconfig = "/k: v", .context = "admin@x, {y}"};
  d.nodes = {{.name = "a",
              .role = Role::kControlPlane,
              .address = "fd00::1",
              .dial = "[fd00::1]:50001",
              .taints = {"k=v:NoExecute", "a/b:PreferNoSchedule"},
              .fixture = "qemu"},
             {.name = "b.c", .role = Role::kWorker, .address = "10.0.0.2", .dial = "10.0.0.2"}};
  d.vm = VmDefinition{.machine = "pc",
                      .video = "vga",
                      .firmware = "uefi",
                      .network = "a: b",
                      .autostart = "never",
                      .memory = "1.5GiB",
                      .cpus = 3,
                      .disk = {.size = "1TB", .bus = "sata", .reclaim = true}};
  d.synology = SynologyDefinition{.url = "https://nas.example:5001",
                                  .account = "tales: it",
                                  .password_env = "NAS_PASSWORD",
                                  .otp_env = "NAS_CODE",
                                  .fingerprint = "sha256:" + std::string(64, 'b'),
                                  .storage = "Storage 1",
                                  .iso_path = "/iso/a b.iso",
                                  .internal_reads = true};
  d.qemu = QemuDefinition{.state = "/var/lib/my machines",
                          .iso = "/iso/a, b.iso",
                          .accelerator = "tcg",
                          .firmware_code = "/c.fd",
                          .firmware_variables = "/v.fd",
                          .network = {.kind = "user", .name = "", .group = "230.0.0.1:5558", .forward = {50000, 1}}};
  d.config = ConfigDefinition{.folder = "/w", .secrets_command = {"op", "read", "op://v/i\n", ""}};
  d.config->secrets_command.pop_back();
  d.config->generator_arguments = {"--install-disk", "/dev/sda"};
  d.config->patches = {{"all", {"@/w/a.yaml", "{\"a\": [1]}"}}, {"worker", {"- x"}}};
  d.config->kernel_arguments = {"vga=792", "console=ttyS0,115200"};
  d.config->earlier_talosconfig = "/old/talosconfig";
  d.config->earlier_kubeconfig = "/old/kube: config";
  d.secure_boot = true;
  d.namespaces = {{"a",
                   {.enforce = "baseline",
                    .warn = "restricted",
                    .audit = "privileged",
                    .enforce_version = "latest",
                    .warn_version = "v1.32",
                    .audit_version = "v1.31",
                    .exempt = true}},
                  {"null", {}}};
  d.crds = {{"prometheusOperator",
             {.version = "v1.2.3",
              .source = "https://example.com/crds/",
              .files = {{"a.yaml", std::string(64, '0')}, {"b.yaml", ""}}}}};
  d.nodes.front().power = {{"on", {"/opt/bmc", "on a"}}, {"status", {"ipmitool", "-f", "/file"}}};
  d.cilium = CiliumDefinition{.cilium_namespace = "kube-system",
                              .release = "r",
                              .chart = "oci://x/y",
                              .version = "1.17.1-rc.1",
                              .kube_proxy_replacement = true,
                              .values = {{"a.b", "true"}, {"c d", "null"}, {"e", "#1"}, {"f", "\t\x7f\xc3\xa9"}}};
  d.workloads = {.images = {.client = "c:1", .server = "s@sha256:0", .conformance = "f:v1", .output = "o:2"},
                 .world = {.name = "one.example",
                           .other_name = "two.example",
                           .address = "203.0.113.10",
                           .other_address = "203.0.113.20",
                           .range = "203.0.113.0/24",
                           .insecure = true},
                 .connectivity = {.timeout = absl::Minutes(45), .concurrency = 2, .arguments = {"--a", "b: c"}}};
  d.known_issues = {{.id = "one",
                     .link = "https://x/y?z=1#2",
                     .reason = "a, b: c # d",
                     .checks = {"a.*", "b/c", "conformance.case/[sig-x] A \"b\" (c) [It's] *"},
                     .lines = {"level=warn.*\\[x\\]", "a: b"},
                     .until_date = "2026-12-31"},
                    {.id = "two", .until_version = {{"cilium", ">=1.19.0"}, {"talos", "<v1.10.0"}}}};
  d.profiles = {{"p",
                 {.settle = absl::Seconds(90),
                  .has_settle = true,
                  .require = {"*"},
                  .conformance = "full",
                  .connectivity = "all"}},
                {"q", {}}};
  const std::string written = WriteClusterFile(d);
  ASSERT_OK_AND_ASSIGN(const ClusterDefinition again, Parse(written));
  EXPECT_EQ(d, again) << written << WriteClusterFile(again);
}

TEST(ClusterFile, PathsAreAgainstTheFileOrTheWorkFolder) {
  ASSERT_EQ(setenv("HOME", "/home/me", 1), 0);
  ASSERT_OK_AND_ASSIGN(const ClusterDefinition d, Parse(R"(
version: 1
cluster: x
talos: {talosconfig: ~/.talos/config}
kubernetes: {kubeconfig: ../kubeconfig}
config: {folder: work, secrets: {file: secrets.yaml}, generator: {command: [../gen.sh, --x, ../y]}}
cilium: {namespace: cilium, chart: ./chart}
crds: {prometheusOperator: {version: v0.80.1, source: "https://example.com/../x"}}
)"));
  EXPECT_EQ(d.talos.talosconfig, "/home/me/.talos/config");
  EXPECT_EQ(d.kubernetes.kubeconfig, "/kubeconfig");
  EXPECT_EQ(d.config->folder, "/folder/work");
  EXPECT_EQ(d.config->secrets_file, "/folder/work/secrets.yaml");
  EXPECT_THAT(d.config->generator_command, ElementsAre("/folder/gen.sh", "--x", "../y"));
  EXPECT_EQ(d.cilium->chart, "/folder/work/chart");
  EXPECT_EQ(d.crds.at("prometheusOperator").source, "https://example.com/../x");
}

TEST(ClusterFile, PathsOfQemuAreAgainstTheFile) {
  ASSERT_OK_AND_ASSIGN(const ClusterDefinition d, Parse(R"(
version: 1
cluster: x
config: {folder: work}
qemu: {state: machines, iso: ../talos.iso, firmware: {code: c.fd, variables: /v.fd}, network: {kind: tap, name: tales}}
)"));
  ASSERT_TRUE(d.qemu.has_value());
  EXPECT_EQ(d.qemu->state, "/folder/machines");
  EXPECT_EQ(d.qemu->iso, "/talos.iso");
  EXPECT_EQ(d.qemu->firmware_code, "/folder/c.fd");
  EXPECT_EQ(d.qemu->firmware_variables, "/v.fd");
  EXPECT_EQ(d.qemu->network.kind, "tap");
  EXPECT_EQ(d.qemu->network.name, "tales");
}

TEST(ClusterFile, WhatTheGeneratorReadsIsAgainstTheWorkFolder) {
  ASSERT_OK_AND_ASSIGN(const ClusterDefinition d, Parse(R"(
version: 1
cluster: x
config:
  folder: work
  generator:
    arguments: [--config-patch, "@all.yaml", "--config-patch=@../x.yaml", --install-disk=/dev/sda]
    patches: {worker: ["@w.yaml", "@/abs.yaml", "{}"]}
  earlier: {talosconfig: old/talosconfig, kubeconfig: /k}
)"));
  EXPECT_THAT(d.config->generator_arguments, ElementsAre("--config-patch", "@/folder/work/all.yaml",
                                                         "--config-patch=@/folder/x.yaml", "--install-disk=/dev/sda"));
  EXPECT_THAT(d.config->patches.at("worker"), ElementsAre("@/folder/work/w.yaml", "@/abs.yaml", "{}"));
  EXPECT_EQ(d.config->earlier_talosconfig, "/folder/work/old/talosconfig");
  EXPECT_EQ(d.config->earlier_kubeconfig, "/k");
}

TEST(ClusterFile, AnchorsMayBeUsed) {
  ASSERT_OK_AND_ASSIGN(const ClusterDefinition d, Parse(R"(
version: 1
cluster: x
namespaces:
  a: &open {enforce: privileged}
  b: *open
)"));
  EXPECT_EQ(d.namespaces.at("b").enforce, "privileged");
}

TEST(ClusterFile, AMissingFileIsNotFound) {
  EXPECT_THAT(LoadClusterFile("/no/such/file.yaml"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/no/such/file.yaml")));
}

TEST(ClusterFile, WhatIsWrittenSaysWhatItIs) {
  ASSERT_OK_AND_ASSIGN(const ClusterDefinition d, Parse("version: 1\ncluster: x\ndiscovered: true\n"));
  const std::string written = WriteClusterFile(d);
  EXPECT_THAT(written, HasSubstr("# What this cluster should be"));
  EXPECT_THAT(written, HasSubstr("discovered: true"));
  EXPECT_THAT(written, Not(HasSubstr("nodes")));
}

}  // namespace
}  // namespace tales
