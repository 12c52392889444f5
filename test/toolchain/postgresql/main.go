package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge/tokens"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfgen"
	shimv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
	"github.com/pulumi/pulumi/sdk/v3/go/common/diag"
	"github.com/pulumi/pulumi/sdk/v3/go/common/diag/colors"
	"github.com/terraform-providers/terraform-provider-postgresql/postgresql"
)

// The npm package's version, set by the build.
var version = ""

func info() tfbridge.ProviderInfo {
	p := tfbridge.ProviderInfo{
		P:            shimv2.NewProvider(postgresql.Provider()),
		Name:         "postgresql",
		Version:      version,
		MetadataInfo: tfbridge.NewProviderMetadata([]byte(`{}`)),
		GitHubOrg:    "cyrilgdn",
		Resources: map[string]*tfbridge.ResourceInfo{
			"postgresql_grant_role":         {Tok: "postgresql:index/grantRole:GrantRole"},
			"postgresql_grant":              {Tok: "postgresql:index/grant:Grant", DeleteBeforeReplace: true},
			"postgresql_default_privileges": {Tok: "postgresql:index/defaultPrivileges:DefaultPrivileges"},
		},
		EnableZeroDefaultSchemaVersion: true,
		EnableAccurateBridgePreview:    true,
	}
	p.MustComputeTokens(tokens.SingleModule("postgresql_", "index", tokens.MakeStandard("postgresql")))
	p.SetAutonaming(255, "-")
	return p
}

func main() {
	sink := diag.DefaultSink(os.Stderr, os.Stderr, diag.FormatOptions{Color: colors.Never})
	i := info()
	schema, err := tfgen.GenerateSchema(i, sink)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	b, err := json.Marshal(schema)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	tfbridge.Main("postgresql", i.Version, i, b)
}
