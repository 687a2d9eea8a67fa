package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/siderolabs/talos/pkg/machinery/api/common"
	"github.com/siderolabs/talos/pkg/machinery/api/machine"
	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// router has apid's rules for the metadata `node` and `nodes`.
type router struct {
	self   string
	worker bool
}

const (
	otherNode = "10.5.0.3"
	deadNode  = "10.5.0.4"
)

type nodeKey struct{}

// nodeOf is the node that a handler speaks for.
func nodeOf(ctx context.Context) string {
	node, _ := ctx.Value(nodeKey{}).(string)
	return node
}

func (r *router) reach(node string) error {
	switch node {
	case "", r.self:
		return nil
	case otherNode:
		if r.worker {
			return status.Error(codes.PermissionDenied, "no request forwarding")
		}
		return nil
	default:
		if r.worker {
			return status.Error(codes.PermissionDenied, "no request forwarding")
		}
		return status.Errorf(codes.Unavailable, "connection error: desc = \"transport: Error while dialing: dial tcp %s:50000: connect: no route to host\"", node)
	}
}

func (r *router) unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	if nodes := md.Get("nodes"); len(nodes) > 0 {
		if strings.HasPrefix(info.FullMethod, "/cosi.") {
			return nil, status.Error(codes.InvalidArgument, "one-2-many proxying is not supported for COSI methods")
		}
		return r.many(ctx, nodes, req, handler)
	}
	node := md.Get("node")
	if len(node) > 1 {
		return nil, status.Error(codes.InvalidArgument, "node metadata must be single-valued")
	}
	if len(node) == 1 {
		if err := r.reach(node[0]); err != nil {
			return nil, err
		}
		ctx = context.WithValue(ctx, nodeKey{}, node[0])
	}
	return handler(ctx, req)
}

// many merges the replies at byte level, as the proxy does: an XResponse is a list of messages under field 1, and the
// metadata is field 1 of each message.
func (r *router) many(ctx context.Context, nodes []string, req any, handler grpc.UnaryHandler) (any, error) {
	var merged proto.Message
	for _, node := range nodes {
		err := r.reach(node)
		var reply any
		if err == nil {
			reply, err = handler(context.WithValue(ctx, nodeKey{}, node), req)
		}
		if err != nil {
			s := status.Convert(err)
			if merged == nil {
				merged = &machine.VersionResponse{}
			}
			raw, _ := proto.Marshal(&common.EmptyResponse{Messages: []*common.Empty{{Metadata: &common.Metadata{
				Hostname: node, Error: fmt.Sprint(err), Status: &rpcstatus.Status{Code: int32(s.Code()), Message: s.Message()},
			}}}})
			if err = (proto.UnmarshalOptions{Merge: true}).Unmarshal(raw, merged); err != nil {
				return nil, err
			}
			continue
		}
		message := reply.(proto.Message)
		fields := message.ProtoReflect().Descriptor().Fields()
		item := message.ProtoReflect().Get(fields.ByName("messages")).List().Get(0).Message()
		item.Set(item.Descriptor().Fields().ByName("metadata"), metadataFor(node))
		if merged == nil {
			merged = message
		} else {
			proto.Merge(merged, message)
		}
	}
	return merged, nil
}

func (r *router) stream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	md, _ := metadata.FromIncomingContext(stream.Context())
	if len(md.Get("nodes")) > 0 && strings.HasPrefix(info.FullMethod, "/cosi.") {
		return status.Error(codes.InvalidArgument, "one-2-many proxying is not supported for COSI methods")
	}
	if node := md.Get("node"); len(node) == 1 {
		if err := r.reach(node[0]); err != nil {
			return err
		}
		return handler(srv, &nodeStream{stream, context.WithValue(stream.Context(), nodeKey{}, node[0])})
	}
	return handler(srv, stream)
}

type nodeStream struct {
	grpc.ServerStream
	ctx context.Context
}

func (s *nodeStream) Context() context.Context { return s.ctx }

func metadataFor(node string) protoreflect.Value {
	return protoreflect.ValueOfMessage((&common.Metadata{Hostname: node}).ProtoReflect())
}
