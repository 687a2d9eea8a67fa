#include "tests/unit/synology/fake_dsm.h"

#include <algorithm>
#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "harness/pki/certificate.h"

namespace tales::synology::testing {
namespace {

using kube::testing::Answer;
using kube::testing::Request;
using kube::testing::Response;

std::string Decode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

Form ParseForm(std::string_view body) {
  Form form;
  for (const auto field : absl::StrSplit(std::string(body), '&', absl::SkipEmpty())) {
    const std::pair<std::string, std::string> parts = absl::StrSplit(field, absl::MaxSplits('=', 1));
    form[Decode(parts.first)] = Decode(parts.second);
  }
  return form;
}

std::string Get(const Form& form, const std::string& key) {
  const auto it = form.find(key);
  return it == form.end() ? "" : it->second;
}

}  // namespace

Json Succeeded(Json data) { return {{"success", true}, {"data", std::move(data)}}; }
Json Refused(int code, Json errors) {
  Json error = {{"code", code}};
  if (!errors.is_null()) error["errors"] = std::move(errors);
  return {{"success", false}, {"error", std::move(error)}};
}

FakeDsm::FakeDsm() {
  setenv("TALES_TEST_NAS_PASSWORD", kPassword, 1);
  const auto authority = pki::Authority::Mint("nas authority", "tales test", pki::KeyType::kEcP256);
  const auto leaf = authority->Issue(
      {.common_name = "nas", .dns_names = {"localhost"}, .addresses = {"127.0.0.1"}, .server_auth = true});
  ca_pem_ = authority->certificate_pem();
  fingerprint_ = pki::ParseCertificates(leaf->certificate_pem)->front().sha256;
  storages = {{{"storage_id", "st-1"},
               {"storage_name", "nas - VM Storage 1"},
               {"host_name", "nas"},
               {"status", "online"},
               {"size", 1000000},
               {"used", 5}}};
  networks = {{{"network_id", "net-1"}, {"network_name", "Default VM Network"}}};
  hosts = {{{"host_id", "h-1"},
            {"host_name", "nas"},
            {"status", "running"},
            {"free_cpu_core", 3},
            {"total_cpu_core", 8},
            {"free_ram_size", 2048},
            {"total_ram_size", 16384}}};
  images = {{{"image_id", "img-1"},
             {"image_name", "talos-1.9.4-metal-amd64"},
             {"type", "iso"},
             {"storages", Json::array({Json{{"storage_id", "st-1"}, {"status", "online"}}})}}};
  server_ = std::make_unique<kube::testing::TestServer>(kube::testing::TestServer::Options{.certificate = *leaf},
                                                        [this](const Request& request) { return Handle(request); });
}

FakeDsm::~FakeDsm() { server_.reset(); }

SynologyDefinition FakeDsm::Definition() const {
  return {.url = url(), .account = kAccount, .password_env = "TALES_TEST_NAS_PASSWORD", .fingerprint = fingerprint_};
}

void FakeDsm::Next(const std::string& call, Trouble trouble) {
  const std::lock_guard<std::mutex> lock(mutex_);
  troubles_[call].push_back(std::move(trouble));
}

void FakeDsm::CutFrom(int number, bool done) {
  const std::lock_guard<std::mutex> lock(mutex_);
  cut_from_ = number;
  cut_done_ = done;
  counted_ = 0;
}

int FakeDsm::Uncut() {
  const std::lock_guard<std::mutex> lock(mutex_);
  cut_from_ = -1;
  return counted_;
}

void FakeDsm::ForgetSessions() {
  const std::lock_guard<std::mutex> lock(mutex_);
  sessions_.clear();
}

std::vector<SeenCall> FakeDsm::calls() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return calls_;
}

int FakeDsm::Count(const std::string& call) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return static_cast<int>(
      std::count_if(calls_.begin(), calls_.end(), [&](const SeenCall& seen) { return seen.name == call; }));
}

std::vector<std::string> FakeDsm::targets() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return targets_;
}

int FakeDsm::sessions() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return static_cast<int>(sessions_.size());
}

std::string FakeDsm::last_sid() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return last_sid_;
}

FakeGuest& FakeDsm::Add(FakeGuest guest) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (guest.id.empty()) guest.id = absl::StrCat("guest-", next_id_++);
  guests_.push_back(std::make_unique<FakeGuest>(std::move(guest)));
  return *guests_.back();
}

FakeGuest* FakeDsm::Find(const std::string& name) {
  for (const auto& guest : guests_) {
    if (guest->name == name) return guest.get();
  }
  return nullptr;
}

Response FakeDsm::Handle(const Request& request) {
  const std::lock_guard<std::mutex> lock(mutex_);
  targets_.push_back(request.target);
  if (request.method != "POST" || request.target != "/webapi/entry.cgi") return Answer(404, "<html>not here</html>");
  const Form form = ParseForm(request.body);
  const std::string name = absl::StrCat(Get(form, "api"), "/", Get(form, "method"));
  calls_.push_back({.name = name, .form = form, .headers = request.headers});
  if (absl::StartsWith(name, "SYNO.Virtualization.")) {
    const int number = counted_++;
    if (cut_from_ >= 0 && number >= cut_from_) {
      if (number == cut_from_ && cut_done_) Dispatch(name, form, request.headers);
      return {.bytes = "", .then = Response::kDrop};
    }
  }
  const auto waiting = troubles_.find(name);
  if (waiting == troubles_.end() || waiting->second.empty())
    return Answer(200, Dispatch(name, form, request.headers).dump());
  const Trouble trouble = waiting->second.front();
  waiting->second.pop_front();
  switch (trouble.kind) {
    case Trouble::kCode:
      return Answer(200, Refused(trouble.code, trouble.errors).dump());
    case Trouble::kNoCode:
      return Answer(200, R"({"success":false})");
    case Trouble::kGarbage:
      return Answer(200, "<html>Synology &amp; co</html>");
    case Trouble::kTruncated: {
      const std::string whole = Dispatch(name, form, request.headers).dump();
      return Answer(200, whole.substr(0, whole.size() - 2));
    }
    case Trouble::kHang:
      return {.bytes = "", .then = Response::kHang};
    case Trouble::kDrop:
      return {.bytes = "", .then = Response::kDrop};
    case Trouble::kDoneAndDrop:
      Dispatch(name, form, request.headers);
      return {.bytes = "", .then = Response::kDrop};
    case Trouble::kDoneAndHang:
      Dispatch(name, form, request.headers);
      return {.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"succ", .then = Response::kHang};
    case Trouble::kHttp:
      return Answer(trouble.code, "<html>bad gateway</html>");
    case Trouble::kRedirect:
      return Answer(302, "", "Location: https://elsewhere.example:5001/webapi/entry.cgi?passwd=x\r\n");
  }
  return Answer(500, "");
}

Json FakeDsm::Info(const Form& form) {
  const std::string query = Get(form, "query");
  Json all = Json::object();
  const auto add = [&](const std::string& name, int lowest, int highest) {
    if (missing_apis.contains(name)) return;
    bool asked = query == "all";
    for (const auto part : absl::StrSplit(query, ',')) {
      const bool prefix = absl::EndsWith(part, ".");
      asked |= part == name || (prefix && lists_by_prefix && absl::StartsWith(name, part));
    }
    if (!asked) return;
    all[name] = {{"path", "entry.cgi"}, {"minVersion", lowest}, {"maxVersion", highest}};
    if (json_format) all[name]["requestFormat"] = "JSON";
  };
  add("SYNO.API.Auth", 1, login_highest);
  for (const char* name : {"Guest", "Guest.Action", "Guest.Image", "Task.Info", "Network", "Storage", "Host"}) {
    add(absl::StrCat("SYNO.Virtualization.API.", name), 1, 1);
  }
  add("SYNO.Virtualization.Guest", 1, 2);
  return Succeeded(all);
}

Json FakeDsm::Login(const Form& form) {
  int version = 0;
  if (!absl::SimpleAtoi(Get(form, "version"), &version) || version < 3 || version > login_highest) return Refused(104);
  if (Get(form, "account") != kAccount || Get(form, "passwd") != kPassword) return Refused(400);
  if (!otp.empty()) {
    if (Get(form, "otp_code").empty()) {
      return Refused(403, {{"token", "very-secret-token-of-the-second-factor-1"},
                           {"types", Json::array({Json{{"type", "otp"}}})}});
    }
    if (Get(form, "otp_code") != otp) return Refused(404);
  }
  last_sid_ = absl::StrCat("9Sid", next_id_++, "abcdefghijklmnopqrstuvwxyz0123456789");
  const std::string token = gives_token && Get(form, "enable_syno_token") == "yes" ? "tok.EN-" + last_sid_ : "";
  sessions_[last_sid_] = token;
  Json data = {{"sid", last_sid_}, {"did", "device"}, {"is_portal_port", false}};
  if (!token.empty()) data[token_key] = token;
  return Succeeded(data);
}

Json FakeDsm::Dispatch(const std::string& name, const Form& form, const std::map<std::string, std::string>& headers) {
  if (missing_apis.contains(Get(form, "api"))) return Refused(102);
  if (name == "SYNO.API.Info/query") return Info(form);
  if (name == "SYNO.API.Auth/login") return Login(form);
  const auto session = sessions_.find(Get(form, "_sid"));
  if (session == sessions_.end()) return Refused(119);
  const auto token = headers.find("x-syno-token");
  if (!session->second.empty() && (token == headers.end() || token->second != session->second)) {
    return Refused(missing_token_code);
  }
  if (name == "SYNO.API.Auth/logout") {
    sessions_.erase(session);
    return Succeeded();
  }
  return Vmm(name, form);
}

}  // namespace tales::synology::testing
