// The AWS plugin: HashiCorp's own provider binary behind Pulumi's bridge. It is compiled inside a copy of the bridge's
// module, since what speaks to a foreign provider binary lies in packages that only the bridge itself may import.
//
// Beside the executable lie, made when the plugin is built:
//
//	terraform-provider-aws   the provider's binary (a link)
//	provider-schema.pb       what the provider says of the types in tokens.txt, so that it isn't asked at each start
//	schema.json              the Pulumi schema made from that
//
// With the argument "make-schema" it writes the latter two and ends.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	plugin "github.com/hashicorp/go-plugin"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/pulumi/pulumi/sdk/v3/go/common/diag"
	"github.com/pulumi/pulumi/sdk/v3/go/common/diag/colors"
	"github.com/spf13/afero"

	pfbridge "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfgen"
)

// The npm package's version, set by the build.
var version = ""

func main() {
	executable, err := os.Executable()
	must(err)
	beside := func(name string) string { return filepath.Join(filepath.Dir(executable), name) }
	ctx := context.Background()
	provider, err := startProvider(ctx, beside("terraform-provider-aws"))
	must(err)
	defer plugin.CleanupClients()
	if len(os.Args) == 2 && os.Args[1] == "make-schema" {
		must(makeSchemas(ctx, provider, beside("provider-schema.pb"), beside("schema.json")))
		return
	}
	stored, err := readProviderSchema(beside("provider-schema.pb"))
	must(err)
	schema, err := os.ReadFile(beside("schema.json"))
	must(err)
	info := providerInfo(ctx, withSchema{provider, stored})
	pfbridge.Main(ctx, "aws", info, pfbridge.ProviderMetadata{PackageSchema: schema})
}

func makeSchemas(ctx context.Context, provider tfprotov6.ProviderServer, providerSchemaPath, schemaPath string) error {
	wanted, err := askProviderSchema(ctx, provider)
	if err != nil {
		return err
	}
	if err := writeProviderSchema(providerSchemaPath, wanted); err != nil {
		return err
	}
	stored, err := readProviderSchema(providerSchemaPath)
	if err != nil {
		return err
	}
	schema, err := pulumiSchema(ctx, providerInfo(ctx, withSchema{provider, stored}))
	if err != nil {
		return err
	}
	return os.WriteFile(schemaPath, schema, 0o644)
}

func pulumiSchema(ctx context.Context, info tfbridge.ProviderInfo) ([]byte, error) {
	generator, err := tfgen.NewGenerator(tfgen.GeneratorOptions{
		Package: info.Name, Version: info.Version, Language: tfgen.Schema, ProviderInfo: info,
		Root:          afero.NewMemMapFs(),
		Sink:          diag.DefaultSink(os.Stderr, os.Stderr, diag.FormatOptions{Color: colors.Never}),
		XInMemoryDocs: true, SkipExamples: true, SkipDocs: true,
	})
	if err != nil {
		return nil, err
	}
	schema, err := generator.Generate(ctx)
	if err != nil {
		return nil, err
	}
	schema.PackageSpec.Version = info.Version
	return json.Marshal(schema.PackageSpec)
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "pulumi-resource-aws:", err)
		plugin.CleanupClients()
		os.Exit(1)
	}
}
