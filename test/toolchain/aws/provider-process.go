package main

import (
	"context"
	"fmt"
	"os/exec"

	plugin "github.com/hashicorp/go-plugin"
	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-mux/tf5to6server"

	"github.com/pulumi/pulumi-terraform-bridge/v3/dynamic/internal/shim/protov5"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/vendored/opentofu/logging"
	tfplugin "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/vendored/opentofu/plugin"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/vendored/tfplugin5"
)

// Starts the provider's binary. It ends with this process, also when the engine kills that: the bridge's own way to run
// a provider leaves it behind then, 250 MB after each run of Pulumi.
func startProvider(ctx context.Context, path string) (tfprotov6.ProviderServer, error) {
	command := exec.Command(path)
	endWithParent(command)
	client := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  tfplugin.Handshake,
		Logger:           logging.NewProviderLogger(""),
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		Managed:          true,
		Cmd:              command,
		AutoMTLS:         true,
		VersionedPlugins: tfplugin.VersionedPlugins,
		SyncStdout:       logging.PluginOutputMonitor("aws:stdout"),
		SyncStderr:       logging.PluginOutputMonitor("aws:stderr"),
	})
	protocol, err := client.Client()
	if err != nil {
		client.Kill()
		return nil, fmt.Errorf("can't run %s: %w", path, err)
	}
	connection, ok := protocol.(*plugin.GRPCClient)
	if !ok || client.NegotiatedVersion() != 5 {
		client.Kill()
		return nil, fmt.Errorf("%s speaks protocol %d; the bridge expects 5", path, client.NegotiatedVersion())
	}
	return tf5to6server.UpgradeServer(ctx, func() tfprotov5.ProviderServer {
		return protov5.New(tfplugin5.NewProviderClient(connection.Conn))
	})
}
