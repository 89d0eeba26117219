// Google's in-memory Pub/Sub server (cloud.google.com/go/pubsub/pstest) as a program of its own.
// It is built and started by the script pubsub-server beside this file.
package main

import (
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"

	"cloud.google.com/go/pubsub/pstest"
	pb "google.golang.org/genproto/googleapis/pubsub/v1"
	"google.golang.org/grpc"
)

// maxRequest is above the 10 MB that Pub/Sub allows for one publish request; gRPC alone would stop at 4 MB.
const maxRequest = 12 << 20

func main() {
	port := flag.Int("port", 8085, "port on 127.0.0.1; 0 picks a free one")
	flag.Parse()
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", *port))
	if err != nil {
		fail(err)
	}

	// pstest serves on a port of its own choosing; the same topics and subscriptions are served here on ours
	fake := pstest.NewServer()
	server := grpc.NewServer(grpc.MaxRecvMsgSize(maxRequest))
	pb.RegisterPublisherServer(server, &fake.GServer)
	pb.RegisterSubscriberServer(server, &fake.GServer)

	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		server.Stop()
	}()
	// whoever waits for this line can connect: the port is open already
	fmt.Printf("PUBSUB_EMULATOR_HOST=%s\n", listener.Addr())
	if err := server.Serve(listener); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintf(os.Stderr, "pubsub-server: %v (--port N chooses another port, --port 0 a free one)\n", err)
	os.Exit(1)
}
