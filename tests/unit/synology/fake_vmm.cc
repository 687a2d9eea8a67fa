// Virtual Machine Manager of the fake NAS.
#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/unit/synology/fake_dsm.h"

namespace tales::synology::testing {
namespace {

std::string Get(const Form& form, const std::string& key) {
  const auto it = form.find(key);
  return it == form.end() ? "" : it->second;
}

bool HasOnly(const Form& form, const std::set<std::string>& allowed) {
  return std::all_of(form.begin(), form.end(), [&](const auto& field) {
    return allowed.contains(field.first) || field.first == "api" || field.first == "version" ||
           field.first == "method" || field.first == "_sid";
  });
}

Json Shown(const FakeGuest& guest, bool additional, const std::vector<Json>& networks) {
  Json json = {{"guest_id", guest.id},     {"guest_name", guest.name},       {"description", guest.description},
               {"status", guest.status},   {"storage_id", guest.storage_id}, {"storage_name", "nas - VM Storage 1"},
               {"autorun", guest.autorun}, {"vcpu_num", guest.cpus},         {"vram_size", guest.memory_mb}};
  if (!additional) return json;
  json["vdisks"] = Json::array();
  for (const FakeGuest::Disk& disk : guest.disks) {
    json["vdisks"].push_back(
        {{"vdisk_id", disk.id}, {"vdisk_size", disk.size_mb}, {"controller", disk.controller}, {"unmap", disk.unmap}});
  }
  std::string network;
  for (const Json& one : networks) {
    if (one["network_id"] == guest.network_id) network = one["network_name"];
  }
  json["vnics"] = Json::array({Json{{"vnic_id", "nic-" + guest.id},
                                    {"mac", guest.mac},
                                    {"model", 1},
                                    {"network_id", guest.network_id},
                                    {"network_name", network}}});
  return json;
}

}  // namespace

FakeGuest* FakeDsm::ById(const Form& form) {
  for (const auto& guest : guests_) {
    if (guest->id == Get(form, "guest_id")) return guest.get();
  }
  return nullptr;
}

void FakeDsm::Advance() {
  for (auto it = changing_.begin(); it != changing_.end();) {
    if (--it->second > 0) {
      ++it;
      continue;
    }
    for (const auto& guest : guests_) {
      if (guest->id != it->first) continue;
      if (guest->status == "booting") guest->status = "running";
      if (guest->status == "shutting_down" && obeys_shutdown) guest->status = "shutdown";
    }
    std::erase_if(guests_, [&](const auto& guest) { return guest->id == it->first && guest->status == "deleting"; });
    it = changing_.erase(it);
  }
}

Json FakeDsm::Vmm(const std::string& name, const Form& form) {
  const std::string prefix = "SYNO.Virtualization.API.";
  if (name == "SYNO.Virtualization.Guest/get_setting") return Setting(form);
  if (!absl::StartsWith(name, prefix)) return Refused(102);
  if (Get(form, "version") != "1") return Refused(104);
  const size_t slash = name.find('/');
  const std::string api = name.substr(prefix.size(), slash - prefix.size()), method = name.substr(slash + 1);
  if (api == "Guest") return GuestCall(method, form);
  if (api == "Guest.Action") return ActionCall(method, form);
  if (api == "Guest.Image") return ImageCall(method, form);
  if (api == "Task.Info") return TaskCall(method, form);
  if (method != "list") return Refused(103);
  if (api == "Network") return Succeeded({{"networks", networks}});
  if (api == "Storage") return Succeeded({{"storages", storages}});
  if (api == "Host") return Succeeded({{"hosts", hosts}});
  return Refused(102);
}

Json FakeDsm::GuestCall(const std::string& method, const Form& form) {
  if (method == "list") {
    Advance();
    Json list = Json::array();
    for (const auto& guest : guests_) list.push_back(Shown(*guest, Get(form, "additional") == "true", networks));
    return Succeeded({{"guests", list}});
  }
  if (method == "create") return CreateGuest(form);
  FakeGuest* guest = ById(form);
  if (guest == nullptr) return Refused(402);
  if (method == "set") return SetGuest(*guest, form);
  if (method == "get") return Succeeded(Shown(*guest, Get(form, "additional") == "true", networks));
  if (method != "delete") return Refused(103);
  if (guest->status == "running") return Refused(904);
  if (delete_needs_looks) {
    guest->status = "deleting";
    changing_[guest->id] = 2;
    return Succeeded();
  }
  std::erase_if(guests_, [&](const auto& one) { return one.get() == guest; });
  return Succeeded();
}

Json FakeDsm::CreateGuest(const Form& form) {
  if (!HasOnly(form, {"guest_name", "storage_id", "storage_name", "vnics", "vdisks", "auto_clean_task"}))
    return Refused(401);
  const std::string name = Get(form, "guest_name");
  const Json disks = Json::parse(Get(form, "vdisks"), nullptr, false),
             cards = Json::parse(Get(form, "vnics"), nullptr, false);
  if (name.empty() || !disks.is_array() || !cards.is_array() || disks.empty() || cards.empty()) return Refused(401);
  if (disks[0]["create_type"] != 0 || disks[0]["vdisk_size"].get<int64_t>() < 10240) return Refused(401);
  if (Find(name) != nullptr) return Refused(403);
  if (std::none_of(storages.begin(), storages.end(),
                   [&](const Json& one) { return one["storage_id"] == Get(form, "storage_id"); })) {
    return Refused(700);
  }
  const std::string mac = cards[0].value("mac", "02:11:32:00:00:01");
  for (const auto& other : guests_) {
    if (other->mac == mac) return Refused(905);
  }
  FakeTask task{.polls_left = polls_until_done, .auto_clean = Get(form, "auto_clean_task") != "false"};
  task.guest = {.id = absl::StrCat("guest-", next_id_++),
                .name = name,
                .storage_id = Get(form, "storage_id"),
                .mac = mac,
                .network_id = cards[0].value("network_id", ""),
                .disks = {{.id = absl::StrCat("disk-", next_id_++), .size_mb = disks[0]["vdisk_size"].get<int64_t>()}}};
  const std::string id = absl::StrCat("@administrators/virtualization_api_guest_create", next_id_++);
  tasks_[id] = std::move(task);
  if (polls_until_done == 0) Finish(tasks_[id]);
  return Succeeded({{"task_id", id}});
}

Json FakeDsm::SetGuest(FakeGuest& guest, const Form& form) {
  if (!HasOnly(form, {"guest_id", "guest_name", "new_guest_name", "description", "autorun", "vcpu_num", "vram_size"}) ||
      (form.contains("guest_name") && Get(form, "guest_name").empty())) {
    return Refused(401);
  }
  const bool needs_off = form.contains("vcpu_num") || form.contains("vram_size");
  if (needs_off && guest.status != "shutdown") return Refused(904);
  if (drops_settings) return Succeeded();
  if (form.contains("description")) guest.description = Get(form, "description");
  int number = 0;
  if (absl::SimpleAtoi(Get(form, "autorun"), &number)) guest.autorun = number;
  if (absl::SimpleAtoi(Get(form, "vcpu_num"), &number)) guest.cpus = number;
  if (absl::SimpleAtoi(Get(form, "vram_size"), &number)) guest.memory_mb = number;
  return Succeeded();
}

Json FakeDsm::ActionCall(const std::string& method, const Form& form) {
  FakeGuest* guest = ById(form);
  if (guest == nullptr) return Refused(402);
  if (method == "poweron") {
    if (guest->status != "shutdown" && guest->status != "saved") return Refused(904);
    guest->status = "booting";
    changing_[guest->id] = looks_until_changed;
    return Succeeded();
  }
  if (method != "poweroff" && method != "shutdown") return Refused(103);
  if (guest->status == "shutdown") return Refused(907);
  guest->status = method == "poweroff" ? "shutdown" : "shutting_down";
  changing_[guest->id] = looks_until_changed;
  return Succeeded();
}

void FakeDsm::Finish(FakeTask& task) {
  if (task.made) return;
  task.made = true;
  if (!task.image.is_null()) {
    if (!creates_nothing) images.push_back(task.image);
    task.info = {{"image_id", task.image["image_id"]}, {"progress", 100}, {"status", "create"}};
    return;
  }
  task.info = {{"guest_id", task.guest.id}, {"progress", 100}, {"status", "create"}};
  if (!creates_nothing) guests_.push_back(std::make_unique<FakeGuest>(task.guest));
}

void FakeDsm::FinishTasks() {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (auto& [id, task] : tasks_) {
    task.polls_left = 0;
    Finish(task);
  }
}

Json FakeDsm::TaskCall(const std::string& method, const Form& form) {
  if (method == "list") {
    Json ids = Json::array();
    for (const auto& [id, task] : tasks_) ids.push_back(id);
    return Succeeded({{"task_ids", ids}});
  }
  const auto found = tasks_.find(Get(form, "task_id"));
  if (found == tasks_.end()) return Refused(1000);
  FakeTask& task = found->second;
  if (method == "clear") {
    tasks_.erase(found);
    return Succeeded();
  }
  if (method != "get") return Refused(103);
  if (--task.polls_left > 0) {
    return Succeeded({{"finish", false},
                      {"task_info", {{"progress", 40}, {"status", "create"}, {"auto_clean_task", task.auto_clean}}}});
  }
  Finish(task);
  const Json info = task.info;
  if (tasks_vanish || task.auto_clean) {
    tasks_.erase(found);
    return Refused(1000);
  }
  return Succeeded({{"finish", true}, {"task_info", info}});
}

Json FakeDsm::ImageCall(const std::string& method, const Form& form) {
  if (method == "list") return Succeeded({{"images", images}});
  if (method != "create") return Refused(103);
  const Json ids = Json::parse(Get(form, "storage_ids"), nullptr, false);
  if (Get(form, "type") != "iso" || Get(form, "ds_file_path").rfind('/', 0) != 0 || !ids.is_array())
    return Refused(401);
  FakeTask task{.polls_left = polls_until_done, .auto_clean = Get(form, "auto_clean_task") != "false"};
  task.image = {
      {"image_id", absl::StrCat("img-", next_id_++)}, {"image_name", Get(form, "image_name")}, {"type", "iso"}};
  const std::string id = absl::StrCat("@administrators/virtualization_api_image_create", next_id_++);
  tasks_[id] = std::move(task);
  return Succeeded({{"task_id", id}});
}

Json FakeDsm::Setting(const Form& form) {
  const FakeGuest* guest = ById(form);
  if (guest == nullptr) return Refused(402);
  Json disks = Json::array();
  for (const FakeGuest::Disk& disk : guest->disks) {
    disks.push_back(
        {{"vdisk_id", disk.id}, {"size", absl::StrCat(disk.size_mb << 20)}, {"vdisk_mode", 1}, {"unmap", disk.unmap}});
  }
  return Succeeded({{"name", guest->name},
                    {"machine_type", guest->machine_type},
                    {"video_card", guest->video_card},
                    {"boot_from", guest->boot_from},
                    {"use_ovmf", guest->use_ovmf},
                    {"iso_images", guest->iso_images},
                    {"vram_size", guest->memory_mb * 1024},
                    {"vdisks", disks}});
}

}  // namespace tales::synology::testing
