package main

import (
	"context"
	_ "embed"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/proto"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
)

//go:embed tokens.txt
var tokensText string

type token struct {
	terraform    string
	isDataSource bool
	// As in "aws:ec2/instance:Instance".
	pulumi string
}

// tokens.txt holds a line "aws_instance ec2 Instance" for each type; data sources start with "data.".
func tokenTable() []token {
	var table []token
	for _, line := range strings.Split(tokensText, "\n") {
		f := strings.Fields(line)
		if len(f) != 3 {
			continue
		}
		file := strings.ToLower(f[2][:1]) + f[2][1:]
		name, isDataSource := strings.CutPrefix(f[0], "data.")
		table = append(table, token{name, isDataSource, "aws:" + f[1] + "/" + file + ":" + f[2]})
	}
	return table
}

func providerInfo(ctx context.Context, server tfprotov6.ProviderServer) tfbridge.ProviderInfo {
	provider := proto.New(ctx, server)
	info := tfbridge.ProviderInfo{
		P: provider, Name: "aws", Version: version, ResourcePrefix: "aws",
		MetadataInfo: &tfbridge.MetadataInfo{Path: "", Data: tfbridge.ProviderMetadata(nil)},
		Resources:    map[string]*tfbridge.ResourceInfo{},
		DataSources:  map[string]*tfbridge.DataSourceInfo{},
	}
	for _, t := range tokenTable() {
		if t.isDataSource {
			info.DataSources[t.terraform] = &tfbridge.DataSourceInfo{Tok: tokens.ModuleMember(t.pulumi)}
		} else {
			info.Resources[t.terraform] = &tfbridge.ResourceInfo{Tok: tokens.Type(t.pulumi)}
		}
	}
	for terraform, fields := range upstreamFields() {
		info.Resources[terraform].Fields = fields
	}
	info.SetAutonaming(255, "-")
	return info
}

// Where upstream's plugin, for which the npm package is made, names a field otherwise than the bridge would by itself,
// or fills in a name where the program gives none. Only what tokens.txt has, found by holding the two against each other.
func upstreamFields() map[string]map[string]*tfbridge.SchemaInfo {
	plural := func(name string) *tfbridge.SchemaInfo {
		return &tfbridge.SchemaInfo{Name: name, MaxItemsOne: tfbridge.False()}
	}
	single := func() *tfbridge.SchemaInfo { return &tfbridge.SchemaInfo{MaxItemsOne: tfbridge.True()} }
	inElements := func(fields map[string]*tfbridge.SchemaInfo) *tfbridge.SchemaInfo {
		return &tfbridge.SchemaInfo{Elem: &tfbridge.SchemaInfo{Fields: fields}}
	}
	return map[string]map[string]*tfbridge.SchemaInfo{
		"aws_cloudwatch_metric_alarm": {"alarm_name": tfbridge.AutoName("name", 255, "-")},
		"aws_iam_role":                {"name": tfbridge.AutoName("name", 64, "-")},
		"aws_key_pair":                {"key_name": tfbridge.AutoName("keyName", 255, "-")},
		"aws_route53_record": {
			"alias":                      plural("aliases"),
			"failover_routing_policy":    plural("failoverRoutingPolicies"),
			"geolocation_routing_policy": plural("geolocationRoutingPolicies"),
			"latency_routing_policy":     plural("latencyRoutingPolicies"),
			"weighted_routing_policy":    plural("weightedRoutingPolicies"),
		},
		"aws_s3_bucket": {"bucket": tfbridge.AutoNameTransform("bucket", 63, strings.ToLower)},
		// Blocks of which there may be one, in a part of the provider whose schema can't say so.
		"aws_s3_bucket_lifecycle_configuration": {
			"rule": inElements(map[string]*tfbridge.SchemaInfo{
				"abort_incomplete_multipart_upload": single(),
				"expiration":                        single(),
				"noncurrent_version_expiration":     single(),
				"filter": {MaxItemsOne: tfbridge.True(), Elem: &tfbridge.SchemaInfo{Fields: map[string]*tfbridge.SchemaInfo{
					"and": single(),
					"tag": single(),
				}}},
			}),
		},
		"aws_security_group":         {"egress": {Name: "egress"}, "ingress": {Name: "ingress"}},
		"aws_sns_topic_subscription": {"topic_arn": {Name: "topic"}},
	}
}
