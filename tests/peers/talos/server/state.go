package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/cosi-project/runtime/api/v1alpha1"
	"github.com/cosi-project/runtime/pkg/resource"
	"github.com/cosi-project/runtime/pkg/state"
	"github.com/cosi-project/runtime/pkg/state/protobuf/server"
	"github.com/siderolabs/talos/pkg/machinery/config/machine"
	"github.com/siderolabs/talos/pkg/machinery/resources/cluster"
	"github.com/siderolabs/talos/pkg/machinery/resources/runtime"
)

// fixedState holds real resources of Talos behind the real COSI server. It is here because the in-memory state of that
// release does not compile with Go 1.25 and later.
type fixedState struct {
	state.CoreState // what is not below is not called

	resources []resource.Resource
}

type notFound struct{ error }

func (notFound) NotFoundError() {}

func (s *fixedState) find(kind resource.Kind, id string) (found []resource.Resource) {
	for _, r := range s.resources {
		md := r.Metadata()
		if md.Namespace() == kind.Namespace() && md.Type() == kind.Type() && (id == "" || md.ID() == id) {
			found = append(found, r)
		}
	}
	return found
}

func (s *fixedState) Get(_ context.Context, pointer resource.Pointer, _ ...state.GetOption) (resource.Resource, error) {
	found := s.find(pointer, pointer.ID())
	if len(found) == 0 {
		return nil, notFound{fmt.Errorf("resource %s doesn't exist", pointer)}
	}
	return found[0], nil
}

func (s *fixedState) List(_ context.Context, kind resource.Kind, _ ...state.ListOption) (resource.List, error) {
	return resource.List{Items: s.find(kind, "")}, nil
}

// WatchKind sends what there is, then the MachineStatus getting ready, and at last an error, as a state does that cannot
// keep up.
func (s *fixedState) WatchKind(ctx context.Context, kind resource.Kind, events chan<- state.Event, options ...state.WatchKindOption) error {
	var set state.WatchKindOptions
	for _, option := range options {
		option(&set)
	}
	send := func(event state.Event) bool {
		select {
		case events <- event:
			return true
		case <-ctx.Done():
			return false
		}
	}
	go func() {
		found := s.find(kind, "")
		if set.BootstrapContents {
			for _, r := range found {
				if !send(state.Event{Type: state.Created, Resource: r}) {
					return
				}
			}
			if !send(state.Event{Type: state.Bootstrapped, Resource: resource.NewTombstone(resource.NewMetadata(kind.Namespace(), kind.Type(), "", resource.VersionUndefined))}) {
				return
			}
		}
		for _, r := range found {
			time.Sleep(100 * time.Millisecond)
			old, next := r, r.DeepCopy()
			if status, ok := next.(*runtime.MachineStatus); ok {
				status.TypedSpec().Status = runtime.MachineStatusStatus{Ready: true}
			}
			if !send(state.Event{Type: state.Updated, Resource: next, Old: old}) {
				return
			}
		}
		send(state.Event{Type: state.Errored, Error: errors.New("buffer overrun")})
	}()
	return nil
}

func newState(self string) v1alpha1.StateServer {
	member := cluster.NewMember(cluster.NamespaceName, "control")
	*member.TypedSpec() = cluster.MemberSpec{
		NodeID: "abc", Hostname: "control", MachineType: machine.TypeControlPlane, OperatingSystem: "Talos (v1.9.4)",
		Addresses: []netip.Addr{netip.MustParseAddr(self)}, ControlPlane: &cluster.ControlPlane{APIServerPort: 6443},
	}
	member.Metadata().Labels().Set("kind", "test")
	status := runtime.NewMachineStatus()
	status.TypedSpec().Stage = runtime.MachineStageRunning
	status.TypedSpec().Status.UnmetConditions = []runtime.UnmetCondition{{Name: "nodeReady", Reason: "not yet"}}
	return server.NewState(&fixedState{resources: []resource.Resource{member, status}})
}
