// What each mistake is answered with: one line, with its place and what is allowed.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "harness/definition/cluster_file.h"
#include "tests/support/status_matchers.h"

namespace tales {
namespace {

std::string Errors(std::string_view text) {
  const auto definition = ParseClusterFile(text, "c.yaml", "/folder");
  if (definition.ok()) return "";
  EXPECT_EQ(definition.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(definition.status().message());
}

struct Mistake {
  std::string text;  // behind the two lines that every file needs
  std::string error;
};

TEST(ClusterFileErrors, TheContractsExample) {
  EXPECT_EQ(Errors("version: 1\ncluster: tales\nnodes:\n  - {name: control, role: controlplane, address: 10.0.1.50}\n"
                   "  - {name: worker, role: wroker, address: 10.0.1.100}\n"),
            "c.yaml:5:26: nodes[1].role: \"wroker\" is not a role; one of controlplane, worker");
}

TEST(ClusterFileErrors, EachSaysWhatIsAllowed) {
  for (
      const auto& [text, error] : std::vector<Mistake>{
          {"nodez: []", "3:1: unknown key \"nodez\"; did you mean \"nodes\"?"},
          {"talos: {Version: v1.9.4}", "3:9: talos: unknown key \"Version\"; did you mean \"version\"?"},
          {"talos: {zzz: 1}", "3:9: talos: unknown key \"zzz\"; one of version, image, talosconfig, context"},
          {"talos: [v1.9.4]", "3:8: talos: is a list; a map is wanted"},
          {"talos: {version: 1.9.4}",
           "3:18: talos.version: \"1.9.4\" is not a version; v and three numbers, such as v1.9.4"},
          {"talos: {version: {}}", "3:18: talos.version: is a map; a text is wanted"},
          {"talos: {version: }", "3:18: talos.version: is empty; a text is wanted"},
          {"talos: {version: ''}",
           "3:18: talos.version: is an empty text; leave the key out where there is nothing to say"},
          {"kubernetes: {version: v1.32}",
           "3:23: kubernetes.version: \"v1.32\" is not a version; v and three numbers, such as v1.9.4"},
          {"fixture: labb",
           "3:10: fixture: \"labb\" is not a fixture; one of lab, local, adopt, docker, qemu, synology, metal"},
          {"allow: all", "3:8: allow: \"all\" is not a tier; one of read, create, disruptive"},
          {"disposable: yes", "3:13: disposable: \"yes\" is not a boolean; true or false, without quotes"},
          {"disposable: \"true\"", "3:13: disposable: \"true\" is not a boolean; true or false, without quotes"},
          {"secureBoot: {}", "3:13: secureBoot: a map is not a boolean; true or false, without quotes"},
          {"endpoint: 10.0.1.50:6443",
           "3:11: endpoint: \"10.0.1.50:6443\" is not an endpoint; https://HOST:PORT such as https://10.0.1.50:6443"},
          {"endpoint: https://10.0.1.500:6443",
           "3:11: endpoint: \"https://10.0.1.500:6443\" is not an endpoint; https://HOST:PORT such as "
           "https://10.0.1.50:6443"},
          {"endpoint: https://x:99999",
           "3:11: endpoint: \"https://x:99999\" is not an endpoint; https://HOST:PORT such as https://10.0.1.50:6443"},
          {"authority: sha256:12",
           "3:12: authority: \"sha256:12\" is not a fingerprint; sha256: and 64 hexadecimal digits in lower case; "
           "`tales init` prints it"},
          {"nodes: {}", "3:8: nodes: is a map; a list is wanted"},
          {"nodes: [x]", "3:9: nodes[0]: is a text; a map is wanted"},
          {"nodes: [{name: a, role: worker}]", "3:9: nodes[0]: `address` is missing"},
          {"nodes: [{name: A_b, role: worker, address: 10.0.0.1}]",
           "3:16: nodes[0].name: \"A_b\" is not a node name; lower-case letters, digits, `-` and `.`, as Kubernetes "
           "has it"},
          {"nodes: [{name: a, role: worker, address: 10.0.0.256}]",
           "3:42: nodes[0].address: \"10.0.0.256\" is not an address; IPv4 such as 10.0.1.50, or IPv6 such as "
           "fd00::50"},
          {"nodes: [{name: a, role: worker, address: 10.0.0.1, dial: '10.0.0.1:x'}]",
           "3:58: nodes[0].dial: \"10.0.0.1:x\" is not an address to dial; an IP address or a host name, with or "
           "without :PORT"},
          {"nodes: [{name: a, role: worker, address: 10.0.0.1, taints: [x:Never]}]",
           "3:61: nodes[0].taints[0]: \"x:Never\" is not a taint; KEY:EFFECT or KEY=VALUE:EFFECT, effect one of "
           "NoSchedule, "
           "PreferNoSchedule, NoExecute"},
          {"nodes:\n- {name: a, role: worker, address: 10.0.0.1}\n- {name: a, role: worker, address: 10.0.0.2}",
           "5:3: nodes[1].name: \"a\" is that of nodes[0] too; each node has its own"},
          {"nodes:\n- {name: a, role: worker, address: 10.0.0.1}\n- {name: b, role: worker, address: 10.0.0.1}",
           "5:3: nodes[1].address: \"10.0.0.1\" is that of nodes[0] too; each node has its own"},
          {"vm: {memory: 4G}",
           "3:14: vm.memory: \"4G\" is not a size; a number and MB, GB, TB, MiB, GiB or TiB, such as 4GiB"},
          {"vm: {cpus: 0}", "3:12: vm.cpus: \"0\" is not allowed; a number from 1 to 1024"},
          {"vm: {disk: {bus: scsi}}",
           "3:18: vm.disk.bus: \"scsi\" is not a disk bus; one of virtio-scsi, virtio, sata, ide"},
          {"synology: {url: https://nas:5001}", "3:11: synology: `account` is missing"},
          {"synology: {url: 'https://me:secret@nas:5001', account: a}",
           "3:17: synology.url: is not the address of DSM; https://HOST:PORT such as https://nas.example:5001, without "
           "user, path or query"},
          {"synology: {url: 'http://nas:5000', account: a}",
           "3:17: synology.url: is not the address of DSM; https://HOST:PORT such as https://nas.example:5001, without "
           "user, path or query"},
          {"synology: {url: 'https://nas:5001', account: a, password: hunter2hunter2}",
           "3:59: synology.password: a password does not belong in a cluster file; put it into a file of its own "
           "(chmod "
           "600) and name that in `passwordFile`, or into an environment variable and name that in `passwordEnv`"},
          {"synology: {url: 'https://nas:5001', account: a, otp: 123456}",
           "3:54: synology.otp: a one-time code does not belong in a cluster file; put it into an environment variable "
           "and name that in `otpEnv`"},
          {"synology: {url: 'https://nas:5001', account: a, passwordEnv: 'my secret'}",
           "3:62: synology.passwordEnv: is not the name of an environment variable; letters, digits and `_`, such as "
           "TALES_NAS_PASSWORD"},
          {"synology: {url: 'https://nas:5001', account: a, passwordEnv: A, passwordFile: b}",
           "3:11: synology: `passwordFile` and `passwordEnv` exclude each other"},
          {"synology: {url: 'https://nas:5001', account: a, fingerprint: ab}",
           "3:62: synology.fingerprint: \"ab\" is not a fingerprint; sha256: and 64 hexadecimal digits in lower case; "
           "`tales doctor` prints it"},
          {absl::StrCat("synology: {url: 'https://nas:5001', account: a, ca: b, fingerprint: 'sha256:",
                        std::string(64, '0'), "'}"),
           "3:11: synology: `fingerprint` and `ca` exclude each other: the one certificate, or the authority it is "
           "from"},
          {"synology: {url: 'https://nas:5001', account: a, isoPath: talos.iso}",
           "3:58: synology.isoPath: \"talos.iso\" is not a file of the NAS; /SHARE/FOLDER/FILE, such as "
           "/iso/talos-1.9.4-metal-amd64.iso"},
          {"synology: {url: 'https://nas:5001', account: a, internalReads: yes}",
           "3:64: synology.internalReads: \"yes\" is not a boolean; true or false, without quotes"},
          {"synology: {url: 'https://nas:5001', account: a, passwort: x}",
           "3:49: synology: unknown key \"passwort\"; one of url, account, passwordFile, passwordEnv, otpEnv, "
           "fingerprint, ca, storage, isoPath, internalReads"},
          {"config: {secrets: {file: a, command: [b]}}",
           "3:19: config.secrets: `file` and `command` exclude each other"},
          {"config: {generator: {patches: {workers: []}}}",
           "3:32: config.generator.patches: unknown key \"workers\"; did you mean \"worker\"?"},
          {"config: {kernelArguments: vga=792}", "3:27: config.kernelArguments: is a text; a list is wanted"},
          {"config: {kernelArguments: [vga=792 x]}",
           "3:28: config.kernelArguments[0]: \"vga=792 x\" is not one kernel argument; each is an item of its own, "
           "such as vga=792"},
          {"config: {generator: {arguments: [--with-secrets=mine.yaml]}}",
           "3:34: config.generator.arguments[0]: \"--with-secrets\" is not for here: the secrets are those of "
           "config.secrets, and where the files go is decided anew for each run"},
          {"qemu: {network: {name: br0}}",
           "3:17: qemu.network: `kind` is missing\nc.yaml:3:17: qemu.network: `name` is for the kinds bridge and tap"},
          {"qemu: {network: {kind: bridge}}", "3:17: qemu.network: kind bridge needs a `name`"},
          {"qemu: {network: {kind: none, forward: [1]}}", "3:17: qemu.network: `forward` is for the kind user"},
          {"qemu: {network: {kind: user, forward: [65536]}}",
           "3:40: qemu.network.forward[0]: \"65536\" is not allowed; a number from 1 to 65535"},
          {"qemu: {network: {kind: tap, name: a-name-too-long-for-it}}",
           "3:35: qemu.network.name: \"a-name-too-long-for-it\" is not the name of a network interface; letters, "
           "digits, `-`, `_` and `.`, at most 15"},
          {"qemu: {network: {kind: socket}}", "3:17: qemu.network: kind socket needs a `group`"},
          {"qemu: {network: {kind: socket, group: '127.0.0.1:5558'}}",
           "3:39: qemu.network.group: \"127.0.0.1:5558\" is not a multicast group; ADDRESS:PORT, the address from "
           "224.0.0.0 to 239.255.255.255"},
          {"qemu: {accelerator: xen}", "3:21: qemu.accelerator: \"xen\" is not an accelerator; one of kvm, tcg"},
          {"qemu: {firmware: {code: /x}}", "3:18: qemu.firmware: `variables` is missing"},
          {"config: {earlier: {talosconfg: x}}",
           "3:20: config.earlier: unknown key \"talosconfg\"; did you mean \"talosconfig\"?"},
          {"namespaces: {cilium: {enforce: priviledged}}",
           "3:32: namespaces.cilium.enforce: \"priviledged\" is not a pod-security level; one of privileged, "
           "baseline, restricted"},
          {"namespaces: {Cilium: {}}",
           "3:14: namespaces: \"Cilium\" is not a namespace; lower-case letters, digits and `-`, at most 63"},
          {"namespaces: {a: {enforceVersion: '1.32'}}",
           "3:34: namespaces.a.enforceVersion: \"1.32\" is not a pod-security version; latest, or v1.NN such as "
           "v1.32"},
          {"crds: {prometheus: {version: v0.80.1}}",
           "3:8: crds: unknown key \"prometheus\"; one of prometheusOperator"},
          {"crds: {prometheusOperator: {version: v0.80.1, source: ./crds, sha256: abc}}",
           "3:71: crds.prometheusOperator.sha256: \"abc\" is not a SHA-256; 64 hexadecimal digits in lower case, or "
           "unknown"},
          {absl::StrCat("crds: {prometheusOperator: {version: v0.80.1, source: ./crds, sha256: ", std::string(64, 'a'),
                        "}}"),
           "3:28: crds.prometheusOperator: `sha256` is for a source that is the URL of one file"},
          {"crds: {prometheusOperator: {version: v0.80.1, source: \"https://h/x\", files: {../a: unknown}}}",
           "3:28: crds.prometheusOperator: `files` is for a source that is the URL of a folder, with `/` at its end\n"
           "c.yaml:3:78: crds.prometheusOperator.files: \"../a\" is not the name of a file; letters, digits, `-`, `_` "
           "and "
           "`.`, without a folder"},
          {"nodes: [{name: a, role: worker, address: 10.0.0.1, power: {onn: [x], off: [ipmitool, -P, secret]}}]",
           "3:60: nodes[0].power: unknown key \"onn\"; did you mean \"on\"?\n"
           "c.yaml:3:75: nodes[0].power.off: a password does not belong here; name a file or an environment variable "
           "(ipmitool: -f FILE, -E)"},
          {"cilium: {version: v1.17}",
           "3:9: cilium: `namespace` is missing\n"
           "c.yaml:3:19: cilium.version: \"v1.17\" is not a chart version; three numbers, such as 1.17.1"},
          {"knownIssues: [{id: a, until: soon}]",
           "3:30: knownIssues[0].until: \"soon\" is not a date; YYYY-MM-DD, or a map from component to version "
           "constraint"},
          {"knownIssues: [{id: a, until: 2026-02-30}]",
           "3:30: knownIssues[0].until: \"2026-02-30\" is not a date; YYYY-MM-DD, or a map from component to version "
           "constraint"},
          {"knownIssues: [{id: a, until: {cilium: 1.19.0}}]",
           "3:39: knownIssues[0].until.cilium: \"1.19.0\" is not a version constraint; one of >= > = < <= and a "
           "version, such as "
           "\">=1.19.0\""},
          {"knownIssues: [{id: a}, {id: a}]",
           "3:24: knownIssues[1].id: \"a\" is that of knownIssues[0] too; each issue has its own"},
          {"knownIssues: [{id: a, link: see there}]",
           "3:29: knownIssues[0].link: \"see there\" is not a link; a URL that begins with https://"},
          {absl::StrCat("knownIssues: [{id: a, checks: ['", std::string(501, 'x'), "']}]"),
           absl::StrCat("3:32: knownIssues[0].checks[0]: \"", std::string(80, 'x'),
                        "...\" is not a check; a name as reports have it, or a pattern with * and ?, at most 500 "
                        "characters")},
          {"knownIssues: [{id: a, lines: ['a(b']}]",
           "3:31: knownIssues[0].lines[0]: \"a(b\" is not a pattern of a log line; missing ): a(b"},
          {"knownIssues: [{id: a, lines: ['.*']}]",
           "3:31: knownIssues[0].lines[0]: \".*\" is not a pattern of a log line; it matches the empty line, and so "
           "every line"},
          {"profiles: {p: {settle: 10}}",
           "3:24: profiles.p.settle: \"10\" is not a duration; a number and ms, s, m or h, such as 90s, 10m or 1h30m, "
           "at most 24h"},
          {"profiles: {p: {settle: -5s}}",
           "3:24: profiles.p.settle: \"-5s\" is not a duration; a number and ms, s, m or h, such as 90s, 10m or "
           "1h30m, at most 24h"},
          {"profiles: {p: {require: [a b]}}",
           "3:26: profiles.p.require[0]: \"a b\" is not a check; an id or a pattern such as health.services, cilium.* "
           "or "
           "health.services/worker"},
          {"profiles: {p: {conformance: some}}",
           "3:29: profiles.p.conformance: \"some\" is not a conformance mode; one of none, sample, fast, full, "
           "sig:NAME, focus:REGEX"},
          {"profiles: {p: {conformance: \"sig:\"}}",
           "3:29: profiles.p.conformance: \"sig:\" is not a conformance mode; one of none, sample, fast, full, "
           "sig:NAME, focus:REGEX"},
          {"workloads: {world: {range: 1.0.0.0}}",
           "3:28: workloads.world.range: \"1.0.0.0\" is not a range of addresses; an address and how many of its bits "
           "are fixed, such as 1.0.0.0/8"},
          {"fixture: lab\nfixture: adopt", "4:1: key \"fixture\" for the second time; it stands on line 3 already"},
          {"[a]: b", "3:1: a key that is a list; a text is wanted"},
      }) {
    EXPECT_EQ(Errors(absl::StrCat("version: 1\ncluster: x\n", text, "\n")), absl::StrCat("c.yaml:", error)) << text;
  }
}

TEST(ClusterFileErrors, WhatEveryFileNeeds) {
  EXPECT_EQ(Errors("fixture: lab"), "c.yaml:1:1: `version` is missing\nc.yaml:1:1: `cluster` is missing");
  EXPECT_EQ(Errors("version: 2\ncluster: x"), "c.yaml:1:10: version: \"2\" is not allowed; it must be 1");
  EXPECT_EQ(Errors("version: one\ncluster: x"), "c.yaml:1:10: version: \"one\" is not allowed; it must be 1");
  EXPECT_EQ(Errors("version: 1\ncluster: a b"),
            "c.yaml:2:10: cluster: \"a b\" is not a cluster name; letters, digits, `-`, `_` and `.`, at most 63");
  EXPECT_EQ(Errors("- a"), "c.yaml:1:1: is a list; a map is wanted");
  EXPECT_EQ(Errors(""), "c.yaml:1:1: the file is empty; it must at least say `version: 1` and `cluster: NAME`");
  EXPECT_EQ(Errors("# nothing\n"),
            "c.yaml:1:1: the file is empty; it must at least say `version: 1` and `cluster: NAME`");
}

TEST(ClusterFileErrors, AllAreReportedInTheOrderOfTheFile) {
  EXPECT_EQ(Errors("version: 1\ncluster: x\nallow: no\nfixture: no\nnodes: 1\n"),
            "c.yaml:3:8: allow: \"no\" is not a tier; one of read, create, disruptive\n"
            "c.yaml:4:10: fixture: \"no\" is not a fixture; one of lab, local, adopt, docker, qemu, synology, metal\n"
            "c.yaml:5:8: nodes: is a text; a list is wanted");
}

TEST(ClusterFileErrors, WhatIsNoYamlAtAll) {
  EXPECT_EQ(Errors("version: 1\ncluster: [x\n").substr(0, 20), "c.yaml:3:1: not YAML");
  EXPECT_EQ(Errors("version: 1\n\tcluster: x\n").substr(0, 8), "c.yaml:2");
  EXPECT_EQ(Errors("a: *nothing\n").find("not YAML") != std::string::npos, true);
}

}  // namespace
}  // namespace tales
