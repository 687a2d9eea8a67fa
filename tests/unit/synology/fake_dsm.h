// A NAS for the tests of fixture synology: DSM's Web API over TLS, with sessions and Virtual Machine Manager behind it,
// and every trouble that a real one gives. It answers as the guide and those who watched a real one say; where they say
// nothing it is strict.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "harness/definition/cluster_definition.h"
#include "harness/pki/authority.h"
#include "nlohmann/json.hpp"
#include "tests/unit/kube/test_server.h"

namespace tales::synology::testing {

using Json = nlohmann::json;
using Form = std::map<std::string, std::string>;

// What one call comes to instead of its answer, or after it was carried out.
struct Trouble {
  enum Kind {
    kCode,         // success: false
    kGarbage,      // no JSON
    kTruncated,    // the true answer, cut off in the middle
    kHang,         // not carried out, no answer
    kDrop,         // not carried out, the connection ends
    kDoneAndDrop,  // carried out, the connection ends
    kDoneAndHang,
    kHttp,      // HTTP status `code`
    kRedirect,  // to another host
    kNoCode,    // success: false and nothing else
  };
  Kind kind = kCode;
  int code = 0;
  Json errors = {};
};

struct FakeGuest {
  std::string id, name, description, status = "shutdown", storage_id, mac, network_id;
  int autorun = 0, cpus = 1;
  int64_t memory_mb = 1024;
  struct Disk {
    std::string id;
    int64_t size_mb;
    int controller = 1;
    bool unmap = false;
  };
  std::vector<Disk> disks;
  // What only the internal interface shows.
  std::string machine_type = "pc", video_card = "vmvga", boot_from = "disk";
  bool use_ovmf = false;
  std::vector<std::string> iso_images = {"unmounted", "unmounted"};
};

struct SeenCall {
  std::string name;  // "SYNO.API.Auth/login"
  Form form;
  std::map<std::string, std::string> headers;
};

class FakeDsm {
 public:
  static constexpr char kPassword[] = "correct horse&battery=%staple";
  static constexpr char kAccount[] = "tales";

  FakeDsm();
  ~FakeDsm();
  std::string url() const { return server_->url(); }
  SynologyDefinition Definition() const;  // that leads here; the password is in a variable that is set
  std::string ca_pem() const { return ca_pem_; }
  std::string fingerprint() const { return fingerprint_; }

  // The next call of that name ("SYNO.Virtualization.API.Guest/create") comes to this; several in their order.
  void Next(const std::string& call, Trouble trouble);
  void FinishTasks();  // VMM is done with what it works on; nobody has looked yet
  // From the call with this number (of those that change something or read machines) on nothing is answered any more;
  // `done`: that one is still carried out. As if the program were killed there. Uncut() ends it.
  void CutFrom(int number, bool done);
  int Uncut();            // how many calls there were
  void ForgetSessions();  // as after a restart
  std::vector<SeenCall> calls() const;
  int Count(const std::string& call) const;
  std::vector<std::string> targets() const;  // of every request
  int sessions() const;                      // that are open
  std::string last_sid() const;

  FakeGuest& Add(FakeGuest guest);           // ids are given where missing
  FakeGuest* Find(const std::string& name);  // nullptr: none
  size_t guests() const { return guests_.size(); }

  // Knobs; set before the calls that they are for.
  std::string otp;                      // the account asks for this code
  bool gives_token = true;              // with enable_syno_token
  std::string token_key = "synotoken";  // some builds write SynoToken
  int missing_token_code = 119;
  std::set<std::string> missing_apis;
  bool lists_by_prefix = true;  // SYNO.API.Info takes a prefix in a list
  bool json_format = true;
  int login_highest = 7;
  int polls_until_done = 2;
  bool tasks_vanish = false;        // before anybody has read that they are finished
  bool creates_nothing = false;     // the task ends, and there is no machine
  bool drops_settings = false;      // `set` says that it succeeded
  int looks_until_changed = 1;      // lists between "booting" and "running"
  bool obeys_shutdown = true;       // the guest does
  bool delete_needs_looks = false;  // the machine is listed for one look more
  std::vector<Json> storages, networks, images, hosts;

 private:
  kube::testing::Response Handle(const kube::testing::Request& request);
  Json Dispatch(const std::string& name, const Form& form, const std::map<std::string, std::string>& headers);
  Json Info(const Form& form);
  Json Login(const Form& form);
  // fake_vmm.cc
  Json Vmm(const std::string& name, const Form& form);
  Json GuestCall(const std::string& method, const Form& form);
  Json CreateGuest(const Form& form);
  Json SetGuest(FakeGuest& guest, const Form& form);
  Json ActionCall(const std::string& method, const Form& form);
  Json TaskCall(const std::string& method, const Form& form);
  Json ImageCall(const std::string& method, const Form& form);
  Json Setting(const Form& form);
  void Advance();
  FakeGuest* ById(const Form& form);

  struct FakeTask {
    int polls_left = 0;
    Json info;
    FakeGuest guest;  // to be made
    Json image;
    bool made = false, auto_clean = true;
  };
  void Finish(FakeTask& task);

  mutable std::mutex mutex_;
  std::string ca_pem_, fingerprint_, last_sid_;
  std::map<std::string, std::string> sessions_;  // sid -> token
  std::map<std::string, std::deque<Trouble>> troubles_;
  std::vector<SeenCall> calls_;
  std::vector<std::string> targets_;
  std::vector<std::unique_ptr<FakeGuest>> guests_;
  std::map<std::string, FakeTask> tasks_;
  std::map<std::string, int> changing_;  // guest id -> looks left
  int next_id_ = 1;
  int cut_from_ = -1, counted_ = 0;
  bool cut_done_ = false;
  std::unique_ptr<kube::testing::TestServer> server_;
};

Json Succeeded(Json data = Json::object());
Json Refused(int code, Json errors = {});

}  // namespace tales::synology::testing
