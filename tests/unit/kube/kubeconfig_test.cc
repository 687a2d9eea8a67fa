#include "harness/kube/kubeconfig.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"
#include "harness/base/file.h"
#include "tests/support/status_matchers.h"

namespace tales::kube {
namespace {

using ::tales::testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

// Not certificates: the parser looks no further than the label.
constexpr char kCa[] = "-----BEGIN CERTIFICATE-----\nca\n";
constexpr char kCertificate[] = "-----BEGIN CERTIFICATE-----\nme\n";
constexpr char kKey[] = "-----BEGIN PRIVATE KEY-----\nno key at all\n";

std::string WithInlineData() {
  return absl::StrCat("apiVersion: v1\nkind: Config\ncurrent-context: admin@tales\n",
                      "clusters:\n- name: tales\n  cluster:\n    server: https://10.0.1.50:6443/\n",
                      "    certificate-authority-data: ", absl::Base64Escape(kCa), "\n",
                      "users:\n- name: admin\n  user:\n    client-certificate-data: ", absl::Base64Escape(kCertificate),
                      "\n    client-key-data: ", absl::Base64Escape(kKey), "\n",
                      "contexts:\n- name: admin@tales\n  context: {cluster: tales, user: admin}\n",
                      "- name: lost\n  context: {cluster: nowhere, user: admin}\n");
}

absl::StatusOr<Access> Parse(std::string_view text, std::string_view context = "") {
  return ParseKubeconfig(text, "K", "/folder", context);
}

TEST(KubeconfigTest, ReadsInlineData) {
  ASSERT_OK_AND_ASSIGN(const Access access, Parse(WithInlineData()));
  EXPECT_EQ(access.context, "admin@tales");
  EXPECT_EQ(access.server, "https://10.0.1.50:6443");
  EXPECT_EQ(access.ca_pem, kCa);
  EXPECT_EQ(access.certificate_pem, kCertificate);
  EXPECT_EQ(access.key_pem, kKey);
  EXPECT_EQ(access.cluster_file, "");
}

TEST(KubeconfigTest, ReadsFilesBesideIt) {
  ASSERT_OK_AND_ASSIGN(TemporaryFolder folder, TemporaryFolder::Make("kubeconfig"));
  ASSERT_OK(WriteFileAtomically(folder.path() / "ca.crt", kCa));
  ASSERT_OK(WriteFileAtomically(folder.path() / "config",
                                "current-context: c\n"
                                "clusters: [{name: k, cluster: {server: 'https://h', certificate-authority: ca.crt,\n"
                                "  extensions: [{name: other, extension: 3},\n"
                                "               {name: tales, extension: {clusterFile: ../cluster.yaml}}]}}]\n"
                                "users: [{name: u, user: {tokenFile: secrets/token}}]\n"
                                "contexts: [{name: c, context: {cluster: k, user: u}}]\n"));
  ASSERT_OK_AND_ASSIGN(const Access access, LoadKubeconfig(folder.path() / "config", ""));
  EXPECT_EQ(access.ca_pem, kCa);
  EXPECT_EQ(access.token_file, (folder.path() / "secrets/token").string());
  EXPECT_EQ(access.cluster_file, (folder.path().parent_path() / "cluster.yaml").string());
}

TEST(KubeconfigTest, ReadsExecPluginProxyAndServerName) {
  ASSERT_OK_AND_ASSIGN(
      const Access access,
      Parse("current-context: c\n"
            "clusters: [{name: k, cluster: {server: 'https://h', insecure-skip-tls-verify: true,\n"
            "            tls-server-name: kubernetes, proxy-url: 'http://127.0.0.1:3128'}}]\n"
            "users: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: ./bin/login,\n"
            "         args: [get, '1'], env: [{name: A, value: b}], provideClusterInfo: true}}}]\n"
            "contexts: [{name: c, context: {cluster: k, user: u}}]\n"));
  EXPECT_TRUE(access.insecure);
  EXPECT_EQ(access.tls_server_name, "kubernetes");
  EXPECT_EQ(access.proxy_url, "http://127.0.0.1:3128");
  EXPECT_THAT(access.exec_argv, ElementsAre("/folder/bin/login", "get", "1"));
  EXPECT_THAT(access.exec_environment, ElementsAre(Pair("A", "b")));
  EXPECT_TRUE(access.exec_provide_cluster_info);
}

TEST(KubeconfigTest, ReadsJsonIndentedByTabs) {
  ASSERT_OK_AND_ASSIGN(const Access access, Parse("{\n\t\"current-context\": \"c\",\n"
                                                  "\t\"clusters\": [{\"name\": \"k\", \"cluster\": {\"server\": "
                                                  "\"http://127.0.0.1:8001\"}}],\n"
                                                  "\t\"contexts\": [{\"name\": \"c\", \"context\": {\"cluster\": "
                                                  "\"k\"}}]\n}"));
  EXPECT_EQ(access.server, "http://127.0.0.1:8001");
}

TEST(KubeconfigTest, WhatIsWrittenIsReadBack) {
  Access access;
  access.context = "admin@lab";
  access.server = "https://127.7.1.2:6443";
  access.ca_pem = kCa;
  access.certificate_pem = kCertificate;
  access.key_pem = kKey;
  access.token = "abc: \"def\"";
  access.exec_argv = {"login", "--x"};
  access.exec_environment = {{"A", "1"}};
  access.exec_api_version = "client.authentication.k8s.io/v1beta1";
  access.cluster_file = "/runs/1/cluster.yaml";
  ASSERT_OK_AND_ASSIGN(const Access read, Parse(WriteKubeconfig(access, "lab", "admin")));
  EXPECT_EQ(read.context, access.context);
  EXPECT_EQ(read.server, access.server);
  EXPECT_EQ(read.ca_pem, access.ca_pem);
  EXPECT_EQ(read.certificate_pem, access.certificate_pem);
  EXPECT_EQ(read.key_pem, access.key_pem);
  EXPECT_EQ(read.token, access.token);
  EXPECT_EQ(read.exec_argv, access.exec_argv);
  EXPECT_EQ(read.exec_environment, access.exec_environment);
  EXPECT_EQ(read.cluster_file, access.cluster_file);
}

struct Mistake {
  std::string change_from, change_to, context;
  absl::StatusCode code;
  std::string message;
};
void PrintTo(const Mistake& mistake, std::ostream* out) { *out << mistake.message; }

class KubeconfigMistakeTest : public ::testing::TestWithParam<Mistake> {};

TEST_P(KubeconfigMistakeTest, NamesTheFileAndThePlace) {
  const Mistake& mistake = GetParam();
  const std::string text = absl::StrReplaceAll(WithInlineData(), {{mistake.change_from, mistake.change_to}});
  ASSERT_NE(text + mistake.context, WithInlineData());
  EXPECT_THAT(Parse(text, mistake.context), StatusIs(mistake.code, AllOf(HasSubstr("K"), HasSubstr(mistake.message))));
}

constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;
INSTANTIATE_TEST_SUITE_P(
    All, KubeconfigMistakeTest,
    ::testing::Values(
        Mistake{"current-context: admin@tales\n", "", "", kInvalid,
                "no current-context is set; name one of admin@tales, lost"},
        Mistake{"", "", "other", absl::StatusCode::kNotFound, "no context \"other\"; there is admin@tales, lost"},
        Mistake{"", "", "lost", absl::StatusCode::kNotFound, "no cluster \"nowhere\"; there is tales"},
        Mistake{"https://", "", "", kInvalid,
                "cluster \"tales\".server: \"10.0.1.50:6443/\" is not an http or https URL"},
        Mistake{"    server: https://10.0.1.50:6443/\n", "", "", kInvalid, "cluster \"tales\".server is missing"},
        Mistake{"certificate-authority-data: ", "certificate-authority-data: '!'#", "", kInvalid,
                "cluster \"tales\".certificate-authority-data is not base64"},
        Mistake{"certificate-authority-data: ", "certificate-authority-data: AAAA #", "", kInvalid,
                "holds no PEM block"},
        Mistake{"certificate-authority-data: ", "certificate-authority: /nowhere/ca.crt #", "",
                absl::StatusCode::kNotFound, "cluster \"tales\".certificate-authority: reading /nowhere/ca.crt"},
        Mistake{"client-key-data: ", "x: ", "", kInvalid, "user \"admin\" has a client certificate without its key"},
        Mistake{"client-key-data: ", "auth-provider: {name: gcp} #", "", kInvalid,
                "client certificate without its key"},
        Mistake{"clusters:\n", "clusters: {\n", "", kInvalid, "not YAML"},
        Mistake{"    server:", "    insecure-skip-tls-verify: maybe\n    server:", "", kInvalid,
                "\"maybe\" is neither true nor false"},
        Mistake{"    server:", "    insecure-skip-tls-verify: true\n    server:", "", kInvalid, "exclude each other"},
        Mistake{"    server:", "    proxy-url: ftp://x\n    server:", "", kInvalid,
                "proxy-url is not an http, https or socks5 URL"},
        Mistake{"    client-key-data",
                "    exec: {command: x, apiVersion: client.authentication.k8s.io/v1alpha1}\n    client-key-data", "",
                kInvalid,
                "user \"admin\".exec.apiVersion: \"client.authentication.k8s.io/v1alpha1\" is not supported"}));

TEST(KubeconfigTest, HostileInputIsAnError) {
  EXPECT_THAT(Parse(""), StatusIs(kInvalid, HasSubstr("the top is not a map")));
  EXPECT_THAT(Parse("- 1"), StatusIs(kInvalid, HasSubstr("the top is not a map")));
  EXPECT_THAT(Parse("\x00\xff\xfe"), StatusIs(kInvalid, HasSubstr("K")));
  EXPECT_THAT(Parse(std::string(100'000, '[')), StatusIs(kInvalid, HasSubstr("K")));
  EXPECT_THAT(Parse(std::string(100'000, '{')), StatusIs(kInvalid, HasSubstr("K")));
  EXPECT_THAT(Parse("current-context: c\ncontexts: {}\n"), StatusIs(kInvalid, HasSubstr("contexts is not a list")));
  EXPECT_THAT(Parse("current-context: c\ncontexts: [3]\n"), StatusIs(kInvalid, HasSubstr("an entry is not a map")));
  EXPECT_THAT(Parse("current-context: c\ncontexts: [{name: c, context: 3}]\n"),
              StatusIs(kInvalid, HasSubstr("not a map")));
  for (size_t length = 0; length < WithInlineData().size(); ++length) {
    Parse(WithInlineData().substr(0, length)).status().IgnoreError();
  }
  EXPECT_THAT(LoadKubeconfig("/nowhere/config", ""),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("kubeconfig: reading /nowhere/config")));
}

}  // namespace
}  // namespace tales::kube
