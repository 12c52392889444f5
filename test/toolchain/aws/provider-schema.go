package main

import (
	"context"
	"fmt"
	"os"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"google.golang.org/protobuf/proto"

	"github.com/pulumi/pulumi-terraform-bridge/v3/dynamic/internal/shim/protov6/translate"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/vendored/terraform-plugin-go/tfprotov6/toproto"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/vendored/tfplugin6"
)

// A provider that answers GetProviderSchema with what was stored. The real one takes seconds to describe 1,500 types.
type withSchema struct {
	tfprotov6.ProviderServer
	stored *tfprotov6.GetProviderSchemaResponse
}

func (w withSchema) GetProviderSchema(
	context.Context, *tfprotov6.GetProviderSchemaRequest,
) (*tfprotov6.GetProviderSchemaResponse, error) {
	return w.stored, nil
}

// Asks the provider for its schema and keeps what tokens.txt names. A name that the provider doesn't know is an error.
func askProviderSchema(
	ctx context.Context, provider tfprotov6.ProviderServer,
) (*tfplugin6.GetProviderSchema_Response, error) {
	all, err := provider.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		return nil, err
	}
	for _, d := range all.Diagnostics {
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			return nil, fmt.Errorf("the provider can't describe itself: %s %s", d.Summary, d.Detail)
		}
	}
	kept := &tfplugin6.GetProviderSchema_Response{
		Provider:          toproto.Schema(all.Provider),
		ResourceSchemas:   map[string]*tfplugin6.Schema{},
		DataSourceSchemas: map[string]*tfplugin6.Schema{},
	}
	if all.ProviderMeta != nil {
		kept.ProviderMeta = toproto.Schema(all.ProviderMeta)
	}
	if c := all.ServerCapabilities; c != nil {
		kept.ServerCapabilities = &tfplugin6.ServerCapabilities{
			PlanDestroy:               c.PlanDestroy,
			GetProviderSchemaOptional: c.GetProviderSchemaOptional,
			MoveResourceState:         c.MoveResourceState,
		}
	}
	for _, t := range tokenTable() {
		from, to := all.ResourceSchemas, kept.ResourceSchemas
		if t.isDataSource {
			from, to = all.DataSourceSchemas, kept.DataSourceSchemas
		}
		schema, ok := from[t.terraform]
		if !ok {
			return nil, fmt.Errorf("tokens.txt names %s, which the provider doesn't have", t.terraform)
		}
		to[t.terraform] = toproto.Schema(schema)
	}
	return kept, nil
}

func writeProviderSchema(path string, schema *tfplugin6.GetProviderSchema_Response) error {
	raw, err := proto.Marshal(schema)
	if err != nil {
		return err
	}
	return os.WriteFile(path, raw, 0o644)
}

func readProviderSchema(path string) (*tfprotov6.GetProviderSchemaResponse, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var schema tfplugin6.GetProviderSchema_Response
	if err := proto.Unmarshal(raw, &schema); err != nil {
		return nil, err
	}
	return translate.GetProviderSchemaResponse(&schema), nil
}
