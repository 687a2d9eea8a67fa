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
	"os"
	"time"

	"github.com/cosi-project/runtime/pkg/safe"
	"github.com/siderolabs/talos/pkg/machinery/api/machine"
	"github.com/siderolabs/talos/pkg/machinery/client"
	"github.com/siderolabs/talos/pkg/machinery/resources/cluster"
	"github.com/siderolabs/talos/pkg/machinery/resources/runtime"
)

type answer struct {
	Version  string            `json:"version"`
	Services map[string]string `json:"services"` // id: state
	Members  []string          `json:"members"`  // hostname
	Stage    string            `json:"stage"`
	Ready    bool              `json:"ready"`
	Etcd     []string          `json:"etcd"`   // hostname
	Errors   map[string]string `json:"errors"` // call: error
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
	out := json.NewEncoder(os.Stdout)
	out.SetIndent("", "  ")
	if err := out.Encode(a); err != nil {
		os.Exit(2)
	}
}
