module prompt-library-deployment/toolchain/aws

go 1.26.0

require github.com/pulumi/pulumi-terraform-bridge/v3 v3.137.0
