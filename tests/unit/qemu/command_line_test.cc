#include "fixtures/qemu/command_line.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/qemu/machines.h"

namespace tales::qemu {
namespace {

using ::tales::qemu::testing::TalesCluster;
using ::tales::testing::StatusIs;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const Accelerator kKvm = {"kvm", "host"};
const MachineFiles kFiles = {"/machines/tales/control"};

Machine Declared(const ClusterDefinition& definition, size_t node = 0) {
  const absl::StatusOr<Machine> machine = DeclaredMachine(definition, definition.nodes.at(node));
  EXPECT_OK(machine);
  Machine made = machine.value_or(Machine());
  made.uuid = "5f2c1d9e-0000-4000-8000-000000000001";
  return made;
}

std::vector<std::string> Line(const Machine& machine) { return CommandLine(machine, kFiles, kKvm, "qemu"); }

// Values of one option, in order.
std::vector<std::string> Values(const std::vector<std::string>& line, std::string_view flag) {
  std::vector<std::string> values;
  for (size_t i = 0; i + 1 < line.size(); ++i) {
    if (line[i] == flag) values.push_back(line[i + 1]);
  }
  return values;
}

TEST(CommandLine, TheSettingsTableOfTheSeed) {
  // One option a line, as a person would read it.
  std::string text;
  for (const std::string& word : Line(Declared(TalesCluster())))
    absl::StrAppend(&text, word[0] == '-' ? "\n" : " ", word);
  EXPECT_EQ(
      text,
      " qemu\n-name guest=tales/control\n-nodefaults\n-no-user-config\n-machine type=q35,accel=kvm\n-cpu host\n-smp 2"
      "\n-m size=4096M\n-uuid 5f2c1d9e-0000-4000-8000-000000000001\n-rtc base=utc\n-vga vmware\n-display none"
      "\n-device virtio-scsi-pci,id=scsi0"
      "\n-blockdev driver=qcow2,node-name=image-system,discard=ignore,file.driver=file,"
      "file.filename=/machines/tales/control/system.qcow2"
      "\n-device scsi-hd,bus=scsi0.0,scsi-id=0,id=disk-system,drive=image-system,serial=system,bootindex=10"
      "\n-blockdev driver=raw,node-name=iso,read-only=on,file.driver=file,"
      "file.filename=/clusters/talos-1.9.4-metal-amd64.iso"
      "\n-device ide-cd,id=cdrom,bus=ide.0,drive=iso,bootindex=11"
      "\n-netdev user,id=net0,net=10.0.1.0/24,host=10.0.1.2,dns=10.0.1.3,dhcpstart=10.0.1.50,"
      "hostfwd=tcp:127.0.0.50:50000-10.0.1.50:50000,hostfwd=tcp:127.0.0.50:6443-10.0.1.50:6443"
      "\n-device virtio-net-pci,netdev=net0,mac=52:54:00:a2:98:a0,romfile="
      "\n-device virtio-rng-pci\n-device virtio-serial-pci,id=serial-ports"
      "\n-chardev socket,id=agent,path=guest-agent.sock,server=on,wait=off"
      "\n-device virtserialport,bus=serial-ports.0,chardev=agent,name=org.qemu.guest_agent.0"
      "\n-chardev file,id=serial0,path=/machines/tales/control/serial.log\n-serial chardev:serial0"
      "\n-qmp unix:qmp.sock,server=on,wait=off\n-pidfile /machines/tales/control/pid\n-msg timestamp=on");
}

TEST(CommandLine, EveryRowOfTheTable) {
  ClusterDefinition definition = TalesCluster();
  definition.vm = VmDefinition{.machine = "pc",
                               .video = "cirrus",
                               .firmware = "uefi",
                               .network = "",
                               .autostart = "",
                               .memory = "1.5GiB",
                               .cpus = 3,
                               .disk = {.size = "10GiB", .bus = "virtio", .reclaim = true}};
  const std::vector<std::string> line = CommandLine(Declared(definition), kFiles, {"tcg", "max"}, "qemu");
  EXPECT_THAT(Values(line, "-machine"), ElementsAre("type=pc,accel=tcg"));
  EXPECT_THAT(Values(line, "-cpu"), ElementsAre("max"));
  EXPECT_THAT(Values(line, "-vga"), ElementsAre("cirrus"));
  EXPECT_THAT(Values(line, "-smp"), ElementsAre("3"));
  EXPECT_THAT(Values(line, "-m"), ElementsAre("size=1536M"));
  EXPECT_THAT(Values(line, "-drive"),
              ElementsAre("if=pflash,unit=0,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd",
                          "if=pflash,unit=1,format=raw,file=/machines/tales/control/firmware-variables.fd"));
  EXPECT_THAT(Values(line, "-blockdev"), Contains(HasSubstr("discard=unmap")));
  EXPECT_THAT(Values(line, "-device"),
              Contains("virtio-blk-pci,id=disk-system,drive=image-system,serial=system,bootindex=10"));
  EXPECT_THAT(Values(line, "-device"), Contains(HasSubstr("ide-cd,id=cdrom,bus=ide.1,unit=0")));
}

TEST(CommandLine, TheCdIsNeverOnTheControllerOfTheDisks) {
  for (const char* machine : {"q35", "pc"}) {
    for (const char* bus : {"virtio-scsi", "virtio", "sata"}) {
      ClusterDefinition definition = TalesCluster();
      definition.vm->machine = machine;
      definition.vm->disk.bus = bus;
      for (const std::string& device : Values(Line(Declared(definition)), "-device")) {
        if (device.find("disk-system") == std::string::npos) continue;
        EXPECT_THAT(device, Not(HasSubstr("bus=ide."))) << machine << " " << bus;
      }
    }
  }
  ClusterDefinition definition = TalesCluster();
  definition.vm->machine = "pc";
  definition.vm->disk.bus = "ide";
  EXPECT_THAT(Values(Line(Declared(definition)), "-device"), Contains(HasSubstr("ide-hd,bus=ide.0,unit=0")));
  definition.vm->machine = "q35";
  EXPECT_THAT(DeclaredMachine(definition, definition.nodes[0]),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("q35 has no IDE bus")));
}

TEST(CommandLine, BootSource) {
  Machine machine = Declared(TalesCluster());
  machine.boot_source = BootSource::kCdrom;
  EXPECT_THAT(Values(Line(machine), "-device"), Contains("ide-cd,id=cdrom,bus=ide.0,drive=iso,bootindex=9"));
  EXPECT_THAT(Values(Line(machine), "-device"), Contains(HasSubstr("bootindex=10")));
  machine.qemu.iso.clear();  // an empty drive
  EXPECT_THAT(Values(Line(machine), "-device"), Contains("ide-cd,id=cdrom,bus=ide.0,bootindex=9"));
  EXPECT_EQ(Values(Line(machine), "-blockdev").size(), 1u);
  EXPECT_THAT(Line(machine), Not(Contains("-boot")));  // not beside bootindex
}

TEST(CommandLine, MoreDisksKeepTheirPlaces) {
  Machine machine = Declared(TalesCluster());
  machine.disks.push_back({"data", 1 << 30, 3});
  EXPECT_THAT(Values(Line(machine), "-device"),
              Contains("scsi-hd,bus=scsi0.0,scsi-id=3,id=disk-data,drive=image-data,serial=data"));
  machine.vm.disk.bus = "virtio";
  EXPECT_THAT(Values(Line(machine), "-device"),
              Contains("virtio-blk-pci,bus=plug3,id=disk-data,drive=image-data,serial=data"));
  EXPECT_THAT(Values(Line(machine), "-device"), Contains("pcie-root-port,id=plug4,chassis=4,slot=4"));
  machine.vm.disk.bus = "sata";
  EXPECT_THAT(Values(Line(machine), "-device"), Contains(HasSubstr("ide-hd,bus=sata0.3,id=disk-data")));
}

TEST(CommandLine, Networks) {
  ClusterDefinition definition = TalesCluster();
  EXPECT_THAT(Values(Line(Declared(definition, 1)), "-netdev"),
              ElementsAre(HasSubstr("hostfwd=tcp:127.0.0.100:50001-10.0.1.100:50000,hostfwd=tcp:127.0.0.100:6443-")));
  definition.qemu = QemuDefinition{};
  definition.qemu->network = {.kind = "user", .name = "", .group = "230.0.0.1:5558", .forward = {50000}};
  definition.nodes[0].address = "10.0.1.2";  // where the gateway would be
  EXPECT_THAT(Values(Line(Declared(definition)), "-netdev"),
              ElementsAre("user,id=net0,net=10.0.1.0/24,host=10.0.1.3,dns=10.0.1.4,dhcpstart=10.0.1.2,"
                          "hostfwd=tcp:127.0.0.50:50000-10.0.1.2:50000",
                          "socket,id=net1,mcast=230.0.0.1:5558,localaddr=127.0.0.1"));
  EXPECT_THAT(Values(Line(Declared(definition)), "-device"),
              Contains("virtio-net-pci,netdev=net1,mac=56:54:00:a2:98:a0,romfile="));
  definition.nodes[0].address = "fd00::5";
  EXPECT_THAT(Values(Line(Declared(definition)), "-netdev"),
              Contains("user,id=net0,hostfwd=tcp:127.0.0.50:50000-:50000"));
  definition.qemu->network = {.kind = "bridge", .name = "br0", .group = "", .forward = {}};
  EXPECT_THAT(Values(Line(Declared(definition)), "-netdev"), ElementsAre("bridge,id=net0,br=br0"));
  definition.qemu->network = {.kind = "tap", .name = "tales", .group = "", .forward = {}};
  EXPECT_THAT(Values(Line(Declared(definition)), "-netdev"),
              ElementsAre("tap,id=net0,ifname=tales-control,script=no,downscript=no"));
  definition.qemu->network = {.kind = "socket", .name = "", .group = "230.0.0.1:5558", .forward = {}};
  EXPECT_THAT(Values(Line(Declared(definition)), "-netdev"),
              ElementsAre("socket,id=net0,mcast=230.0.0.1:5558,localaddr=127.0.0.1"));
  definition.qemu->network = {.kind = "none", .name = "", .group = "", .forward = {}};
  EXPECT_THAT(Values(Line(Declared(definition)), "-netdev"), ElementsAre());
  EXPECT_THAT(Values(Line(Declared(definition)), "-nic"), ElementsAre("none"));
}

TEST(CommandLine, WhatCannotBe) {
  ClusterDefinition definition = TalesCluster();
  definition.nodes[0].dial = "10.0.1.50";
  EXPECT_THAT(DeclaredMachine(definition, definition.nodes[0]),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("127.0.0.0/8")));
  definition.qemu = QemuDefinition{};
  definition.qemu->network = {.kind = "tap", .name = "cluster-a", .group = "", .forward = {}};
  EXPECT_THAT(DeclaredMachine(definition, definition.nodes[0]),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("cluster-a-control")));
  definition.qemu->network = {.kind = "none", .name = "", .group = "", .forward = {}};
  definition.vm->memory = "1KiB";
  EXPECT_THAT(DeclaredMachine(definition, definition.nodes[0]),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("vm.memory")));
}

TEST(CommandLine, CommasInPathsAreNoOptions) {
  Machine machine = Declared(TalesCluster());
  machine.qemu.iso = "/iso/a,readonly=off.iso";
  const std::vector<std::string> line = CommandLine(machine, {"/my, machines"}, kKvm, "qemu");
  EXPECT_THAT(Values(line, "-blockdev"), Contains(HasSubstr("filename=/iso/a,,readonly=off.iso")));
  EXPECT_THAT(Values(line, "-blockdev"), Contains(HasSubstr("filename=/my,, machines/system.qcow2")));
  EXPECT_THAT(Values(line, "-pidfile"), ElementsAre("/my, machines/pid"));
}

TEST(Machine, WhatACoreClusterFileLeavesOut) {
  ClusterDefinition definition = TalesCluster();
  definition.vm.reset();
  const Machine machine = Declared(definition);
  EXPECT_EQ(machine.vm.machine, "q35");
  EXPECT_EQ(machine.vm.firmware, "bios");
  EXPECT_EQ(machine.vm.cpus, 4);
  EXPECT_EQ(Declared(definition, 1).vm.cpus, 2);
  EXPECT_EQ(MemoryMiB(machine.vm), 4096);
  EXPECT_EQ(machine.disks, (std::vector<Disk>{{"system", 100'000'000'000, 0}}));
}

TEST(Machine, MacAddressesAreFixedAndDiffer) {
  EXPECT_EQ(MacAddress("tales", "control"), MacAddress("tales", "control"));
  EXPECT_NE(MacAddress("tales", "control"), MacAddress("tales", "worker"));
  EXPECT_NE(MacAddress("tales", "control"), MacAddress("tales2", "control"));
}

TEST(Machine, SurvivesARoundTrip) {
  Machine machine = Declared(TalesCluster());
  machine.mark.id = "x";
  machine.disks.push_back({"data", 5, 2});
  machine.boot_source = BootSource::kCdrom;
  machine.complete = true;
  EXPECT_THAT(MachineFromJson(ToJson(machine)), ::tales::testing::IsOkAndHolds(machine));
}

TEST(Machine, WhatIsNone) {
  const std::string good = ToJson(Declared(TalesCluster()));
  for (size_t length : {size_t{0}, size_t{1}, good.size() / 2, good.size() - 3}) {
    EXPECT_THAT(MachineFromJson(good.substr(0, length)),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr("not a machine")));
  }
  for (const char* text : {"{}", "[]", "5", "{\"node\": []}", "\xff"})
    EXPECT_THAT(MachineFromJson(text), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("not a machine"))) << text;
  Machine odd = Declared(TalesCluster());
  odd.disks[0].name = "../../etc/passwd";
  EXPECT_THAT(MachineFromJson(ToJson(odd)), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("a disk")));
}

}  // namespace
}  // namespace tales::qemu
