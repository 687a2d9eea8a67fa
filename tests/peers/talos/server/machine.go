package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/siderolabs/talos/pkg/machinery/api/common"
	"github.com/siderolabs/talos/pkg/machinery/api/machine"
	timeapi "github.com/siderolabs/talos/pkg/machinery/api/time"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

type machineServer struct {
	machine.UnimplementedMachineServiceServer
	maintenance bool
}

func (s *machineServer) Version(context.Context, *emptypb.Empty) (*machine.VersionResponse, error) {
	if s.maintenance {
		return nil, status.Error(codes.Unimplemented, "API is not implemented in maintenance mode")
	}
	return &machine.VersionResponse{Messages: []*machine.Version{{
		Version:  &machine.VersionInfo{Tag: "v1.9.4", Os: "linux", Arch: "amd64"},
		Platform: &machine.PlatformInfo{Name: "metal", Mode: "metal"},
		Features: &machine.FeaturesInfo{Rbac: true},
	}}}, nil
}

func (s *machineServer) ServiceList(ctx context.Context, _ *emptypb.Empty) (*machine.ServiceListResponse, error) {
	list := &machine.ServiceList{}
	for _, id := range []string{"apid", "kubelet"} {
		list.Services = append(list.Services, &machine.ServiceInfo{
			Id: id, State: "Running",
			Events: &machine.ServiceEvents{Events: []*machine.ServiceEvent{{Msg: "Health check successful", State: "Running", Ts: timestamppb.Now()}}},
			Health: &machine.ServiceHealth{Healthy: id != "kubelet" || nodeOf(ctx) != otherNode, LastMessage: "on " + nodeOf(ctx)},
		})
	}
	return &machine.ServiceListResponse{Messages: []*machine.ServiceList{list}}, nil
}

func (s *machineServer) Memory(context.Context, *emptypb.Empty) (*machine.MemoryResponse, error) {
	return &machine.MemoryResponse{Messages: []*machine.Memory{{Meminfo: &machine.MemInfo{
		Memtotal: 4 << 20, Memfree: 1 << 20, Memavailable: 2 << 20, Directmap1G: 7, Swaptotal: 3,
	}}}}, nil
}

func (s *machineServer) Mounts(context.Context, *emptypb.Empty) (*machine.MountsResponse, error) {
	return &machine.MountsResponse{Messages: []*machine.Mounts{{Stats: []*machine.MountStat{
		{Filesystem: "/dev/sda6", Size: 100 << 30, Available: 90 << 30, MountedOn: "/var"},
	}}}}, nil
}

func (s *machineServer) SystemStat(context.Context, *emptypb.Empty) (*machine.SystemStatResponse, error) {
	return &machine.SystemStatResponse{Messages: []*machine.SystemStat{{BootTime: 1700000000, Irq: []uint64{1, 2, 3}, ProcessCreated: 42}}}, nil
}

func (s *machineServer) EtcdMemberList(ctx context.Context, _ *machine.EtcdMemberListRequest) (*machine.EtcdMemberListResponse, error) {
	if nodeOf(ctx) == otherNode {
		return nil, status.Error(codes.Unimplemented, "etcd member list is only available on control plane nodes")
	}
	return &machine.EtcdMemberListResponse{Messages: []*machine.EtcdMembers{{Members: []*machine.EtcdMember{
		{Id: 0xdeadbeefcafe0001, Hostname: "control", PeerUrls: []string{"https://10.5.0.2:2380"}, ClientUrls: []string{"https://10.5.0.2:2379"}},
	}}}}, nil
}

func (s *machineServer) EtcdStatus(context.Context, *emptypb.Empty) (*machine.EtcdStatusResponse, error) {
	return &machine.EtcdStatusResponse{Messages: []*machine.EtcdStatus{{MemberStatus: &machine.EtcdMemberStatus{
		MemberId: 0xdeadbeefcafe0001, Leader: 0xdeadbeefcafe0001, RaftTerm: 3, RaftIndex: 100, RaftAppliedIndex: 99, DbSize: 1 << 20, ProtocolVersion: "3.5.18",
	}}}}, nil
}

func (s *machineServer) EtcdAlarmList(context.Context, *emptypb.Empty) (*machine.EtcdAlarmListResponse, error) {
	return &machine.EtcdAlarmListResponse{Messages: []*machine.EtcdAlarm{{MemberAlarms: []*machine.EtcdMemberAlarm{
		{MemberId: 1, Alarm: machine.EtcdMemberAlarm_NOSPACE},
	}}}}, nil
}

func (s *machineServer) ServiceRestart(_ context.Context, in *machine.ServiceRestartRequest) (*machine.ServiceRestartResponse, error) {
	return &machine.ServiceRestartResponse{Messages: []*machine.ServiceRestart{{Resp: fmt.Sprintf("Service %q restarted", in.Id)}}}, nil
}

func (s *machineServer) ApplyConfiguration(_ context.Context, in *machine.ApplyConfigurationRequest) (*machine.ApplyConfigurationResponse, error) {
	if !bytes.Contains(in.Data, []byte("version: v1alpha1")) {
		return nil, status.Error(codes.InvalidArgument, "unknown config version")
	}
	return &machine.ApplyConfigurationResponse{Messages: []*machine.ApplyConfiguration{{
		Warnings: []string{"a warning"}, ModeDetails: fmt.Sprintf("mode %s, dry run %t", in.Mode, in.DryRun),
	}}}, nil
}

func (s *machineServer) Read(in *machine.ReadRequest, stream grpc.ServerStreamingServer[common.Data]) error {
	switch in.Path {
	case "/proc/cmdline":
		for _, chunk := range []string{"console=tty0 ", "vga=792\n"} {
			if err := stream.Send(&common.Data{Bytes: []byte(chunk)}); err != nil {
				return err
			}
		}
		return nil
	case "/endless":
		for {
			if err := stream.Send(&common.Data{Bytes: bytes.Repeat([]byte("x"), 65536)}); err != nil {
				return err
			}
		}
	case "/secret":
		return status.Error(codes.PermissionDenied, "not authorized")
	}
	return fmt.Errorf("stat %s: no such file or directory", in.Path)
}

func (s *machineServer) Dmesg(_ *machine.DmesgRequest, stream grpc.ServerStreamingServer[common.Data]) error {
	for i := range 3 {
		line := fmt.Sprintf("kern: info: [2025-03-02T01:00:0%d.000000000Z]: line %d\n", i, i)
		if err := stream.Send(&common.Data{Bytes: []byte(line)}); err != nil {
			return err
		}
	}
	return nil
}

func (s *machineServer) Logs(in *machine.LogsRequest, stream grpc.ServerStreamingServer[common.Data]) error {
	return stream.Send(&common.Data{Bytes: []byte(fmt.Sprintf("%s/%s %s tail %d\n", in.Namespace, in.Id, in.Driver, in.TailLines))})
}

func (s *machineServer) Kubeconfig(_ *emptypb.Empty, stream grpc.ServerStreamingServer[common.Data]) error {
	var buffer bytes.Buffer
	zip := gzip.NewWriter(&buffer)
	archive := tar.NewWriter(zip)
	text := "apiVersion: v1\nkind: Config\n" + strings.Repeat("# padding\n", 5000)
	if err := archive.WriteHeader(&tar.Header{Name: "kubeconfig", Size: int64(len(text)), Mode: 0o600, ModTime: time.Now()}); err != nil {
		return err
	}
	archive.Write([]byte(text)) //nolint:errcheck
	archive.Close()             //nolint:errcheck
	zip.Close()                 //nolint:errcheck
	return stream.Send(&common.Data{Bytes: buffer.Bytes()})
}

type timeServer struct {
	timeapi.UnimplementedTimeServiceServer
}

func (s *timeServer) Time(context.Context, *emptypb.Empty) (*timeapi.TimeResponse, error) {
	return &timeapi.TimeResponse{Messages: []*timeapi.Time{{Server: "time.example", Localtime: timestamppb.New(time.Unix(100, 0)), Remotetime: timestamppb.New(time.Unix(101, 0))}}}, nil
}
