// Command client asks a Talos API with the official client and prints what it got as one JSON object. The lab is tried
// with it: what this program cannot read, talosctl cannot either.
//
//	client -talosconfig FILE [-node ADDRESS]
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/cosi-project/runtime/pkg/safe"
	"github.com/cosi-project/runtime/pkg/state"
	"github.com/siderolabs/talos/pkg/machinery/api/machine"
	"github.com/siderolabs/talos/pkg/machinery/client"
	"github.com/siderolabs/talos/pkg/machinery/resources/cluster"
	"github.com/siderolabs/talos/pkg/machinery/resources/config"
	"github.com/siderolabs/talos/pkg/machinery/resources/k8s"
	"github.com/siderolabs/talos/pkg/machinery/resources/runtime"
)

type answer struct {
	Version  string            `json:"version"`
	Services map[string]string `json:"services"` // id: state
	Members  []string          `json:"members"`  // hostname
	Stage    string            `json:"stage"`
	Ready    bool              `json:"ready"`
	Etcd     []string          `json:"etcd"` // hostname
	// Of the machine configuration, read with the official loader.
	MachineType string `json:"machine_type"`
	Endpoint    string `json:"endpoint"`
	NodeReady   bool   `json:"node_ready"`
	StaticPods  int    `json:"static_pods"`
	Disk        uint64 `json:"disk"`
	BootID      string `json:"boot_id"`
	Kubeconfig  bool   `json:"kubeconfig"`
	// Sequences that ended since the boot, and events of other kinds that could be decoded.
	Sequences []string `json:"sequences"`
	Events    int      `json:"events"`
	Watched   string   `json:"watched"` // stage, as a watch tells it first
	// An etcd call that is for control planes only.
	Leader bool              `json:"leader"`
	Errors map[string]string `json:"errors"` // call: error
}

// All events since the boot, up to the end of the boot sequence.
func readEvents(ctx context.Context, c *client.Client, a *answer) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	events := make(chan client.EventResult)
	if err := c.EventsWatchV2(ctx, events, client.WithTailEvents(-1)); err != nil {
		a.Errors["Events"] = err.Error()
		return
	}
	for result := range events {
		if result.Error != nil {
			a.Errors["Events"] = result.Error.Error()
			return
		}
		a.Events++
		event, ok := result.Event.Payload.(*machine.SequenceEvent)
		if !ok || event.Action != machine.SequenceEvent_STOP {
			continue
		}
		a.Sequences = append(a.Sequences, event.Sequence)
		if event.Sequence == "boot" {
			return
		}
	}
}

// The first state that a watch tells.
func watchStage(ctx context.Context, c *client.Client, a *answer) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	events := make(chan state.Event)
	if err := c.COSI.Watch(ctx, runtime.NewMachineStatus().Metadata(), events); err != nil {
		a.Errors["Watch"] = err.Error()
		return
	}
	select {
	case event := <-events:
		if status, ok := event.Resource.(*runtime.MachineStatus); ok {
			a.Watched = status.TypedSpec().Stage.String()
		} else {
			a.Errors["Watch"] = fmt.Sprintf("unexpected event %s", event.Type)
		}
	case <-ctx.Done():
		a.Errors["Watch"] = ctx.Err().Error()
	}
}

func main() {
	file := flag.String("talosconfig", "", "talosconfig")
	node := flag.String("node", "", "node to ask (default: the endpoint itself)")
	flag.Parse()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	c, err := client.New(ctx, client.WithConfigFromFile(*file))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	defer c.Close() //nolint:errcheck
	if *node != "" {
		ctx = client.WithNode(ctx, *node)
	}
	a := answer{Services: map[string]string{}, Errors: map[string]string{}}
	failed := func(call string, err error) bool {
		if err != nil {
			a.Errors[call] = err.Error()
		}
		return err != nil
	}
	if version, err := c.Version(ctx); !failed("Version", err) {
		a.Version = version.Messages[0].GetVersion().GetTag()
	}
	if list, err := c.ServiceList(ctx); !failed("ServiceList", err) {
		for _, service := range list.Messages[0].GetServices() {
			a.Services[service.Id] = service.State
		}
	}
	if members, err := safe.StateListAll[*cluster.Member](ctx, c.COSI); !failed("Members", err) {
		for member := range members.All() {
			a.Members = append(a.Members, member.TypedSpec().Hostname)
		}
	}
	if status, err := safe.StateGetByID[*runtime.MachineStatus](ctx, c.COSI, runtime.MachineStatusID); !failed("MachineStatus", err) {
		a.Stage, a.Ready = status.TypedSpec().Stage.String(), status.TypedSpec().Status.Ready
	}
	if etcd, err := c.EtcdMemberList(ctx, &machine.EtcdMemberListRequest{}); !failed("EtcdMemberList", err) {
		for _, member := range etcd.Messages[0].GetMembers() {
			a.Etcd = append(a.Etcd, member.Hostname)
		}
	}
	if mc, err := safe.StateGetByID[*config.MachineConfig](ctx, c.COSI, config.V1Alpha1ID); !failed("MachineConfig", err) {
		a.MachineType = mc.Config().Machine().Type().String()
		a.Endpoint = mc.Config().Cluster().Endpoint().String()
	}
	if nodename, err := safe.StateGetByID[*k8s.Nodename](ctx, c.COSI, k8s.NodenameID); !failed("Nodename", err) {
		if status, err := safe.StateGetByID[*k8s.NodeStatus](ctx, c.COSI, nodename.TypedSpec().Nodename); !failed("NodeStatus", err) {
			a.NodeReady = status.TypedSpec().NodeReady
		}
	}
	if pods, err := safe.StateListAll[*k8s.StaticPodStatus](ctx, c.COSI); !failed("StaticPodStatus", err) {
		a.StaticPods = pods.Len()
	}
	if disks, err := c.Disks(ctx); !failed("Disks", err) {
		a.Disk = disks.Messages[0].GetDisks()[0].GetSize()
	}
	if reader, err := c.Read(ctx, "/proc/sys/kernel/random/boot_id"); !failed("Read", err) {
		id, err := io.ReadAll(reader)
		failed("Read", err)
		a.BootID = strings.TrimSpace(string(id))
	}
	if kubeconfig, err := c.Kubeconfig(ctx); !failed("Kubeconfig", err) {
		a.Kubeconfig = strings.Contains(string(kubeconfig), "client-certificate-data")
	}
	if status, err := c.EtcdStatus(ctx); !failed("EtcdStatus", err) {
		a.Leader = status.Messages[0].GetMemberStatus().GetLeader() != 0
	}
	readEvents(ctx, c, &a)
	watchStage(ctx, c, &a)
	out := json.NewEncoder(os.Stdout)
	out.SetIndent("", "  ")
	if err := out.Encode(a); err != nil {
		os.Exit(2)
	}
}
