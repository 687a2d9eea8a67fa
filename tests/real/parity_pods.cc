#include "tests/real/parity_pods.h"

namespace tales::testing {
namespace {

using nlohmann::json;

// Each part is a merge patch (RFC 7386), or nullptr.
struct Variant {
  const char* what;
  const char* spec = nullptr;       // on the pod's spec
  const char* container = nullptr;  // on its container "a"
  const char* second = nullptr;     // on a further container "b", a copy of "a" as it was
  const char* init = nullptr;       // on an init container "i", likewise
  const char* metadata = nullptr;   // on the pod's metadata
};

constexpr char kSysctl[] = R"({"securityContext":{"sysctls":[{"name":"SYSCTL","value":"1"}]}})";
constexpr char kAdd[] = R"({"securityContext":{"capabilities":{"add":["NET_RAW","CHOWN","SYS_ADMIN"]}}})";
constexpr char kPrivileged[] = R"({"securityContext":{"privileged":true,"allowPrivilegeEscalation":null}})";
constexpr char kSpcType[] = R"({"securityContext":{"seLinuxOptions":{"type":"spc_t"}}})";
constexpr char kUnconfinedArmor[] = R"({"securityContext":{"appArmorProfile":{"type":"Unconfined"}}})";
constexpr char kLocalArmor[] =
    R"({"securityContext":{"appArmorProfile":{"type":"Localhost","localhostProfile":"mine"}}})";
constexpr char kUnconfinedSeccomp[] = R"({"securityContext":{"seccompProfile":{"type":"Unconfined"}}})";
constexpr char kNoSeccomp[] = R"({"securityContext":{"seccompProfile":null}})";
constexpr char kHostProcess[] =
    R"({"hostNetwork":true,"securityContext":{"windowsOptions":{"hostProcess":true,"runAsUserName":"x"}}})";
constexpr char kWindowsContainer[] =
    R"({"securityContext":{"allowPrivilegeEscalation":null,"capabilities":null,"seccompProfile":null}})";
constexpr char kRoot[] = R"({"securityContext":{"runAsUser":0}})";
constexpr char kMayBeRoot[] = R"({"securityContext":{"runAsNonRoot":false}})";
constexpr char kSaysNothing[] = R"({"securityContext":null})";
constexpr char kUnmasked[] = R"({"securityContext":{"procMount":"Unmasked"}})";
constexpr char kPort80[] = R"({"ports":[{"containerPort":80,"hostPort":80}]})";
constexpr char kManyPorts[] =
    R"({"ports":[{"containerPort":1000,"hostPort":1000},{"containerPort":90,"hostPort":90},{"containerPort":7}]})";
constexpr char kSamePortTwice[] =
    R"({"ports":[{"containerPort":80,"hostPort":80},{"containerPort":81,"hostPort":80},{"containerPort":80}]})";

constexpr Variant kVariants[] = {
    {"nothing wrong"},
    // Host namespaces.
    {"hostNetwork", R"({"hostNetwork":true})"},
    {"hostPID", R"({"hostPID":true})"},
    {"hostIPC", R"({"hostIPC":true})"},
    {"all host namespaces", R"({"hostNetwork":true,"hostPID":true,"hostIPC":true})"},
    {"host namespaces that are false", R"({"hostNetwork":false,"hostPID":false,"hostIPC":false})"},
    {"hostPID with a shared process namespace", R"({"hostPID":true,"shareProcessNamespace":true})"},
    {"hostUsers", R"({"hostUsers":true})"},
    // Privileged containers.
    {"privileged", nullptr, kPrivileged},
    {"privileged twice", nullptr, kPrivileged, kPrivileged},
    {"privileged init container", nullptr, nullptr, nullptr, kPrivileged},
    {"privileged everywhere", nullptr, kPrivileged, kPrivileged, kPrivileged},
    {"privileged false", nullptr, R"({"securityContext":{"privileged":false}})"},
    {"privileged without escalation", nullptr, R"({"securityContext":{"privileged":true}})"},
    // Capabilities.
    {"capabilities added", nullptr, kAdd},
    {"capabilities added twice", nullptr, kAdd, R"({"securityContext":{"capabilities":{"add":["BPF","NET_RAW"]}}})"},
    {"capabilities added to an init container", nullptr, nullptr, nullptr, kAdd},
    {"NET_BIND_SERVICE added", nullptr, R"({"securityContext":{"capabilities":{"add":["NET_BIND_SERVICE"]}}})"},
    {"default capability added", nullptr, R"({"securityContext":{"capabilities":{"add":["KILL"]}}})"},
    {"all capabilities added", nullptr, R"({"securityContext":{"capabilities":{"add":["ALL"]}}})"},
    {"CAP_ in the name", nullptr, R"({"securityContext":{"capabilities":{"add":["CAP_CHOWN"]}}})"},
    {"capabilities not dropped", nullptr, R"({"securityContext":{"capabilities":null}})"},
    {"some capabilities dropped", nullptr, R"({"securityContext":{"capabilities":{"drop":["NET_RAW"]}}})"},
    {"capabilities dropped by one of two", nullptr, nullptr, R"({"securityContext":{"capabilities":null}})"},
    {"capabilities neither dropped nor harmless", nullptr,
     R"({"securityContext":{"capabilities":{"drop":[],"add":["BPF"]}}})", kAdd},
    {"all in lower case dropped", nullptr, R"({"securityContext":{"capabilities":{"drop":["all"]}}})"},
    // hostPath and other volumes.
    {"hostPath", R"({"volumes":[{"name":"v","hostPath":{"path":"/x"}}]})"},
    {"two hostPaths", R"({"volumes":[{"name":"v","hostPath":{"path":"/x"}},{"name":"w","hostPath":{"path":"/y"}}]})"},
    {"hostPath with a type", R"({"volumes":[{"name":"v","hostPath":{"path":"/x","type":"Directory"}}]})"},
    {"nfs", R"({"volumes":[{"name":"v","nfs":{"server":"s","path":"/x"}}]})"},
    {"nfs and iscsi and hostPath",
     R"({"volumes":[{"name":"v","nfs":{"server":"s","path":"/x"}},{"name":"w","iscsi":{"targetPortal":"p","iqn":"iqn.2001-04.com.example:storage","lun":1}},{"name":"z","hostPath":{"path":"/x"}}]})"},
    {"flexVolume", R"({"volumes":[{"name":"v","flexVolume":{"driver":"a/b"}}]})"},
    {"cephfs", R"({"volumes":[{"name":"v","cephfs":{"monitors":["m"]}}]})"},
    {"rbd", R"({"volumes":[{"name":"v","rbd":{"monitors":["m"],"image":"i"}}]})"},
    {"glusterfs", R"({"volumes":[{"name":"v","glusterfs":{"endpoints":"e","path":"p"}}]})"},
    {"fc", R"({"volumes":[{"name":"v","fc":{"targetWWNs":["w"],"lun":1}}]})"},
    {"gitRepo", R"({"volumes":[{"name":"v","gitRepo":{"repository":"r"}}]})"},
    {"awsElasticBlockStore", R"({"volumes":[{"name":"v","awsElasticBlockStore":{"volumeID":"x"}}]})"},
    {"gcePersistentDisk", R"({"volumes":[{"name":"v","gcePersistentDisk":{"pdName":"x"}}]})"},
    {"cinder", R"({"volumes":[{"name":"v","cinder":{"volumeID":"x"}}]})"},
    {"azureFile", R"({"volumes":[{"name":"v","azureFile":{"secretName":"s","shareName":"n"}}]})"},
    {"azureDisk",
     R"({"volumes":[{"name":"v","azureDisk":{"diskName":"d","diskURI":"https://x.blob.core.windows.net/vhds/d.vhd"}}]})"},
    {"vsphereVolume", R"({"volumes":[{"name":"v","vsphereVolume":{"volumePath":"p"}}]})"},
    {"portworxVolume", R"({"volumes":[{"name":"v","portworxVolume":{"volumeID":"x"}}]})"},
    {"quobyte", R"({"volumes":[{"name":"v","quobyte":{"registry":"r:1","volume":"x"}}]})"},
    {"scaleIO",
     R"({"volumes":[{"name":"v","scaleIO":{"gateway":"g","system":"s","volumeName":"n","secretRef":{"name":"r"}}}]})"},
    {"storageos", R"({"volumes":[{"name":"v","storageos":{"volumeName":"x"}}]})"},
    {"photonPersistentDisk", R"({"volumes":[{"name":"v","photonPersistentDisk":{"pdID":"x"}}]})"},
    {"flocker", R"({"volumes":[{"name":"v","flocker":{"datasetName":"x"}}]})"},
    {"image volume", R"({"volumes":[{"name":"v","image":{"reference":"x"}}]})"},
    {"allowed volumes",
     R"({"volumes":[{"name":"a","emptyDir":{}},{"name":"b","secret":{"secretName":"x"}},{"name":"c","configMap":{"name":"x"}},{"name":"d","projected":{"sources":[]}},{"name":"e","persistentVolumeClaim":{"claimName":"x"}},{"name":"f","csi":{"driver":"x"}},{"name":"g","downwardAPI":{}}]})"},
    {"volume without a source", R"({"volumes":[{"name":"v"}]})"},
    {"volume without a name", R"({"volumes":[{"emptyDir":{}}]})"},
    {"two volumes of one name", R"({"volumes":[{"name":"v","emptyDir":{}},{"name":"v","emptyDir":{}}]})"},
    {"volume with two sources", R"({"volumes":[{"name":"v","emptyDir":{},"hostPath":{"path":"/x"}}]})"},
    {"hostPath without a path", R"({"volumes":[{"name":"v","hostPath":{}}]})"},
    {"hostPath upwards", R"({"volumes":[{"name":"v","hostPath":{"path":"/x/../y"}}]})"},
    // Host ports.
    {"hostPort", nullptr, kPort80},
    {"hostPort 0", nullptr, R"({"ports":[{"containerPort":80,"hostPort":0}]})"},
    {"many hostPorts", nullptr, kManyPorts},
    {"hostPorts of two containers", nullptr, kPort80, kManyPorts},
    {"overlapping hostPorts of two containers", nullptr, kPort80, kPort80},
    {"overlapping hostPorts of one container", nullptr, kSamePortTwice},
    {"overlapping hostPorts of an init container", nullptr, kPort80, nullptr, kPort80},
    {"one port, two protocols", nullptr,
     R"({"ports":[{"containerPort":80,"hostPort":80},{"containerPort":80,"hostPort":80,"protocol":"UDP"}]})"},
    {"one port, two addresses", nullptr,
     R"({"ports":[{"containerPort":80,"hostPort":80,"hostIP":"10.0.0.1"},{"containerPort":80,"hostPort":80,"hostIP":"10.0.0.2"}]})"},
    {"hostPort of an init container", nullptr, nullptr, nullptr, kPort80},
    {"hostNetwork gives host ports", R"({"hostNetwork":true})", R"({"ports":[{"containerPort":8080}]})"},
    {"hostNetwork with another hostPort", R"({"hostNetwork":true})",
     R"({"ports":[{"containerPort":8080,"hostPort":81}]})"},
    {"hostNetwork, two containers of one port", R"({"hostNetwork":true})", R"({"ports":[{"containerPort":8080}]})",
     R"({"ports":[{"containerPort":8080}]})"},
    {"port out of range", nullptr, R"({"ports":[{"containerPort":70000}]})"},
    {"port without a number", nullptr, R"({"ports":[{"hostPort":80}]})"},
    {"port of an unknown protocol", nullptr, R"({"ports":[{"containerPort":80,"protocol":"ICMP"}]})"},
    {"two containers of one port", nullptr, R"({"ports":[{"containerPort":80}]})",
     R"({"ports":[{"containerPort":80}]})"},
    {"port named twice", nullptr, R"({"ports":[{"containerPort":80,"name":"web"},{"containerPort":81,"name":"web"}]})"},
    {"port with a bad name", nullptr, R"({"ports":[{"containerPort":80,"name":"WEB"}]})"},
    // AppArmor.
    {"AppArmor unconfined, container", nullptr, kUnconfinedArmor},
    {"AppArmor unconfined, pod", kUnconfinedArmor},
    {"AppArmor unconfined, both", kUnconfinedArmor, kUnconfinedArmor},
    {"AppArmor unconfined, two containers", nullptr, kUnconfinedArmor, kUnconfinedArmor},
    {"AppArmor unconfined, init container", nullptr, nullptr, nullptr, kUnconfinedArmor},
    {"AppArmor runtime default", R"({"securityContext":{"appArmorProfile":{"type":"RuntimeDefault"}}})"},
    {"AppArmor localhost", nullptr, kLocalArmor},
    {"AppArmor localhost, pod", kLocalArmor},
    {"AppArmor localhost without a profile", nullptr,
     R"({"securityContext":{"appArmorProfile":{"type":"Localhost"}}})"},
    {"AppArmor of no type", nullptr, R"({"securityContext":{"appArmorProfile":{}}})"},
    {"AppArmor of an unknown type", nullptr, R"({"securityContext":{"appArmorProfile":{"type":"Other"}}})"},
    {"AppArmor annotation unconfined", nullptr, nullptr, nullptr, nullptr,
     R"({"annotations":{"container.apparmor.security.beta.kubernetes.io/a":"unconfined"}})"},
    {"AppArmor annotation default", nullptr, nullptr, nullptr, nullptr,
     R"({"annotations":{"container.apparmor.security.beta.kubernetes.io/a":"runtime/default"}})"},
    {"AppArmor annotation localhost", nullptr, nullptr, nullptr, nullptr,
     R"({"annotations":{"container.apparmor.security.beta.kubernetes.io/a":"localhost/mine"}})"},
    {"AppArmor annotation of two containers", nullptr, nullptr, "{}", nullptr,
     R"({"annotations":{"container.apparmor.security.beta.kubernetes.io/a":"unconfined","container.apparmor.security.beta.kubernetes.io/b":"unconfined"}})"},
    {"AppArmor annotation that is wrong", nullptr, nullptr, nullptr, nullptr,
     R"({"annotations":{"container.apparmor.security.beta.kubernetes.io/a":"bogus"}})"},
    {"AppArmor annotation of nobody", nullptr, nullptr, nullptr, nullptr,
     R"({"annotations":{"container.apparmor.security.beta.kubernetes.io/zz":"unconfined"}})"},
    {"AppArmor annotation against the field", nullptr, kLocalArmor, nullptr, nullptr,
     R"({"annotations":{"container.apparmor.security.beta.kubernetes.io/a":"unconfined"}})"},
    // SELinux.
    {"SELinux type, container", nullptr, kSpcType},
    {"SELinux type, pod and container", kSpcType, kSpcType},
    {"SELinux type, two", nullptr, kSpcType, R"({"securityContext":{"seLinuxOptions":{"type":"x_t"}}})"},
    {"SELinux container_t", kSpcType, R"({"securityContext":{"seLinuxOptions":{"type":"container_t"}}})"},
    {"SELinux container_engine_t", nullptr, R"({"securityContext":{"seLinuxOptions":{"type":"container_engine_t"}}})"},
    {"SELinux user", nullptr, R"({"securityContext":{"seLinuxOptions":{"user":"u"}}})"},
    {"SELinux role", R"({"securityContext":{"seLinuxOptions":{"role":"r"}}})"},
    {"SELinux type, user and role", nullptr,
     R"({"securityContext":{"seLinuxOptions":{"type":"spc_t","user":"u","role":"r","level":"s0"}}})"},
    {"SELinux level", nullptr, R"({"securityContext":{"seLinuxOptions":{"level":"s0:c1"}}})"},
    // /proc.
    {"procMount", nullptr, kUnmasked},
    {"procMount with a user namespace", R"({"hostUsers":false})", kUnmasked},
    {"procMount default", nullptr, R"({"securityContext":{"procMount":"Default"}})"},
    {"procMount unknown", nullptr, R"({"securityContext":{"procMount":"Other"}})"},
    // seccomp.
    {"seccomp unconfined, container", nullptr, kUnconfinedSeccomp},
    {"seccomp unconfined, pod", kUnconfinedSeccomp},
    {"seccomp unconfined, both", kUnconfinedSeccomp, kUnconfinedSeccomp, kUnconfinedSeccomp},
    {"seccomp unset", kNoSeccomp},
    {"seccomp unset, one of two has it", kNoSeccomp,
     R"({"securityContext":{"seccompProfile":{"type":"RuntimeDefault"}}})", "{}"},
    {"seccomp unset, containers have it", kNoSeccomp,
     R"({"securityContext":{"seccompProfile":{"type":"Localhost","localhostProfile":"x.json"}}})"},
    {"seccomp unconfined, containers have it", kUnconfinedSeccomp,
     R"({"securityContext":{"seccompProfile":{"type":"RuntimeDefault"}}})"},
    {"seccomp localhost without a profile", R"({"securityContext":{"seccompProfile":{"type":"Localhost"}}})"},
    {"seccomp default with a profile",
     R"({"securityContext":{"seccompProfile":{"type":"RuntimeDefault","localhostProfile":"x"}}})"},
    {"seccomp of no type", R"({"securityContext":{"seccompProfile":{}}})"},
    {"seccomp of an unknown type", R"({"securityContext":{"seccompProfile":{"type":"Other"}}})"},
    {"seccomp annotation, pod", kNoSeccomp, nullptr, nullptr, nullptr,
     R"({"annotations":{"seccomp.security.alpha.kubernetes.io/pod":"unconfined"}})"},
    {"seccomp annotation, container", kNoSeccomp, nullptr, nullptr, nullptr,
     R"({"annotations":{"container.seccomp.security.alpha.kubernetes.io/a":"unconfined"}})"},
    {"seccomp annotation, allowed", kNoSeccomp, nullptr, nullptr, nullptr,
     R"({"annotations":{"seccomp.security.alpha.kubernetes.io/pod":"runtime/default"}})"},
    {"seccomp annotation, both", kNoSeccomp, nullptr, nullptr, nullptr,
     R"({"annotations":{"seccomp.security.alpha.kubernetes.io/pod":"x","container.seccomp.security.alpha.kubernetes.io/a":"y"}})"},
    // Sysctls.
    {"kernel.shm_rmid_forced", kSysctl},
    {"net.ipv4.ip_local_port_range", kSysctl},
    {"net.ipv4.ip_unprivileged_port_start", kSysctl},
    {"net.ipv4.tcp_syncookies", kSysctl},
    {"net.ipv4.ping_group_range", kSysctl},
    {"net.ipv4.ip_local_reserved_ports", kSysctl},
    {"net.ipv4.tcp_keepalive_time", kSysctl},
    {"net.ipv4.tcp_fin_timeout", kSysctl},
    {"net.ipv4.tcp_keepalive_intvl", kSysctl},
    {"net.ipv4.tcp_keepalive_probes", kSysctl},
    {"net.ipv4.tcp_rmem", kSysctl},
    {"net.ipv4.tcp_wmem", kSysctl},
    {"kernel.msgmax", kSysctl},
    {"net/core/somaxconn", kSysctl},
    {"Bad Sysctl", kSysctl},
    {"two forbidden sysctls",
     R"({"securityContext":{"sysctls":[{"name":"kernel.msgmax","value":"1"},{"name":"net.core.somaxconn","value":"2"}]}})"},
    {"one sysctl twice",
     R"({"securityContext":{"sysctls":[{"name":"kernel.msgmax","value":"1"},{"name":"kernel.msgmax","value":"2"}]}})"},
    {"sysctl of a namespace that is the host's",
     R"({"hostNetwork":true,"hostIPC":true,"securityContext":{"sysctls":[{"name":"net.ipv4.tcp_syncookies","value":"1"},{"name":"kernel.shm_rmid_forced","value":"1"}]}})"},
    // Windows.
    {"hostProcess", kHostProcess},
    {"hostProcess, container", R"({"hostNetwork":true})",
     R"({"securityContext":{"windowsOptions":{"hostProcess":true}}})"},
    {"hostProcess, one of two", R"({"hostNetwork":true})",
     R"({"securityContext":{"windowsOptions":{"hostProcess":true}}})", "{}"},
    {"hostProcess without hostNetwork", R"({"securityContext":{"windowsOptions":{"hostProcess":true}}})"},
    {"Windows", R"({"os":{"name":"windows"},"securityContext":{"seccompProfile":null}})", kWindowsContainer},
    {"Windows with what only Linux has", R"({"os":{"name":"windows"}})"},
    {"Windows with host namespaces",
     R"({"os":{"name":"windows"},"hostPID":true,"hostIPC":true,"shareProcessNamespace":true,"securityContext":{"seccompProfile":null,"runAsUser":1,"fsGroup":1,"sysctls":[{"name":"a","value":"b"}]}})",
     kWindowsContainer},
    {"Linux with what only Windows has", R"({"os":{"name":"linux"},"securityContext":{"windowsOptions":{}}})",
     R"({"securityContext":{"windowsOptions":{"runAsUserName":"x"}}})"},
    {"an unknown system", R"({"os":{"name":"plan9"}})"},
    {"a system without a name", R"({"os":{}})"},
    // Privilege escalation.
    {"escalation not forbidden", nullptr, R"({"securityContext":{"allowPrivilegeEscalation":null}})"},
    {"escalation allowed", nullptr, R"({"securityContext":{"allowPrivilegeEscalation":true}})"},
    {"escalation in two of three", nullptr, R"({"securityContext":{"allowPrivilegeEscalation":true}})", "{}",
     R"({"securityContext":{"allowPrivilegeEscalation":null}})"},
    {"SYS_ADMIN without escalation", nullptr, R"({"securityContext":{"capabilities":{"add":["CAP_SYS_ADMIN"]}}})"},
    // Root.
    {"root not forbidden", R"({"securityContext":{"runAsNonRoot":null}})"},
    {"root not forbidden, containers forbid it", R"({"securityContext":{"runAsNonRoot":null}})",
     R"({"securityContext":{"runAsNonRoot":true}})", R"({"securityContext":{"runAsNonRoot":true}})"},
    {"root not forbidden by one of two", R"({"securityContext":{"runAsNonRoot":null}})",
     R"({"securityContext":{"runAsNonRoot":true}})", "{}"},
    {"root allowed, pod", kMayBeRoot},
    {"root allowed, container", nullptr, kMayBeRoot},
    {"root allowed, all", kMayBeRoot, kMayBeRoot, kMayBeRoot, kMayBeRoot},
    {"root allowed by the pod, forbidden by containers", kMayBeRoot, R"({"securityContext":{"runAsNonRoot":true}})"},
    {"root, pod", kRoot},
    {"root, container", nullptr, kRoot},
    {"root, all", kRoot, kRoot, kRoot, kRoot},
    {"another user", R"({"securityContext":{"runAsUser":1000}})"},
    {"a negative user", R"({"securityContext":{"runAsUser":-1}})"},
    {"a negative group", nullptr, R"({"securityContext":{"runAsGroup":-1}})"},
    // All at once, and nothing said.
    {"nothing said", kSaysNothing, kSaysNothing},
    {"nothing said by three", kSaysNothing, kSaysNothing, kSaysNothing, kSaysNothing},
    {"much of it",
     R"({"hostNetwork":true,"hostPID":true,"volumes":[{"name":"v","hostPath":{"path":"/x"}}],"securityContext":{"runAsNonRoot":false,"runAsUser":0,"seLinuxOptions":{"user":"u"},"seccompProfile":{"type":"Unconfined"},"appArmorProfile":{"type":"Unconfined"},"sysctls":[{"name":"kernel.msgmax","value":"1"}]}})",
     R"({"ports":[{"containerPort":80,"hostPort":80}],"securityContext":{"privileged":true,"allowPrivilegeEscalation":null,"runAsUser":0,"capabilities":{"add":["BPF","ALL"]},"seccompProfile":{"type":"Unconfined"}}})",
     kAdd, kRoot},
    // What the API server itself refuses.
    {"no containers", R"({"containers":[]})"},
    {"no containers at all", R"({"containers":null})"},
    {"container without an image", nullptr, R"({"image":null})"},
    {"container with a bad image", nullptr, R"({"image":" x"})"},
    {"container without a name", nullptr, R"({"name":null})"},
    {"container with a bad name", nullptr, R"({"name":"A_b"})"},
    {"two containers of one name", nullptr, R"({"name":"b"})", "{}"},
    {"an init container of that name", nullptr, R"({"name":"i"})", nullptr, "{}"},
    {"bad restartPolicy", R"({"restartPolicy":"Sometimes"})"},
    {"restartPolicy Never", R"({"restartPolicy":"Never"})"},
    {"bad dnsPolicy", R"({"dnsPolicy":"Other"})"},
    {"bad pull policy", nullptr, R"({"imagePullPolicy":"Perhaps"})"},
    {"bad termination message policy", nullptr, R"({"terminationMessagePolicy":"Other"})"},
    {"mount of no volume", nullptr, R"({"volumeMounts":[{"name":"none","mountPath":"/x"}]})"},
    {"mount without a path", R"({"volumes":[{"name":"v","emptyDir":{}}]})", R"({"volumeMounts":[{"name":"v"}]})"},
    {"two mounts of one path", R"({"volumes":[{"name":"v","emptyDir":{}}]})",
     R"({"volumeMounts":[{"name":"v","mountPath":"/x"},{"name":"v","mountPath":"/x"}]})"},
    {"environment without a name", nullptr, R"({"env":[{"value":"x"}]})"},
    {"bad labels", nullptr, nullptr, nullptr, nullptr, R"({"labels":{"a":"b c"}})"},
    {"bad label keys", nullptr, nullptr, nullptr, nullptr, R"({"labels":{"a/b/c":"x"}})"},
    {"bad annotation keys", nullptr, nullptr, nullptr, nullptr, R"({"annotations":{"a b":"x"}})"},
    {"several things wrong", R"({"restartPolicy":"Sometimes","dnsPolicy":"Other"})",
     R"({"image":null,"ports":[{"containerPort":0}]})", R"({"name":"a","imagePullPolicy":"Perhaps"})"},
};

json Patched(json target, const char* patch) {
  if (patch != nullptr) target.merge_patch(json::parse(patch));
  return target;
}

json Container(const char* name) {
  return {{"name", name},
          {"image", "none"},
          {"securityContext", {{"allowPrivilegeEscalation", false}, {"capabilities", {{"drop", {"ALL"}}}}}}};
}

json Build(const Variant& variant) {
  json pod = RestrictedPod();
  json& spec = pod["spec"];
  spec["containers"] = json::array({Patched(Container("a"), variant.container)});
  if (variant.second != nullptr) spec["containers"].push_back(Patched(Container("b"), variant.second));
  if (variant.init != nullptr) spec["initContainers"] = json::array({Patched(Container("i"), variant.init)});
  // What stands for all of these: the name of a variant is the sysctl.
  std::string patch = variant.spec == nullptr ? "{}" : variant.spec;
  if (variant.spec == kSysctl) patch.replace(patch.find("SYSCTL"), 6, variant.what);
  spec = Patched(spec, patch.c_str());
  pod["metadata"] = Patched(pod["metadata"], variant.metadata);
  return pod;
}

}  // namespace

json RestrictedPod() {
  return {{"apiVersion", "v1"},
          {"kind", "Pod"},
          {"metadata", json::object()},
          {"spec",
           {{"automountServiceAccountToken", false},
            {"securityContext", {{"runAsNonRoot", true}, {"seccompProfile", {{"type", "RuntimeDefault"}}}}},
            {"containers", json::array({Container("a")})}}}};
}

const std::vector<NamedPod>& ParityPods() {
  static const auto* const pods = [] {
    auto* const all = new std::vector<NamedPod>();
    for (const Variant& variant : kVariants) all->push_back({variant.what, Build(variant)});
    return all;
  }();
  return *pods;
}

}  // namespace tales::testing
