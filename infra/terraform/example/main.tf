# A farm on EKS. Copy this folder, change what is marked, then: terraform init, plan, apply.
provider "aws" {
  region = "eu-central-1" # change
}

module "farm" {
  source = "../" # in a copy: a git address of this folder, at a tag

  bucket            = "creative-farm-example" # change: unique in all of AWS
  prefix            = "farm"
  oidc_provider_arn = var.oidc_provider_arn
  tags              = { project = "creative-farm" }
}

variable "oidc_provider_arn" {
  description = "The cluster's: aws iam list-open-id-connect-providers"
  type        = string
}

output "store_url" {
  value = module.farm.store_url
}

output "driver_role_arn" {
  value = module.farm.driver_role_arn
}

output "worker_role_arn" {
  value = module.farm.worker_role_arn
}

# The registry is any PostgreSQL 13 or later; it holds nothing that the bucket does not (`creative reindex`). On RDS, the
# settings that matter. The rest (subnets, parameter groups, backups) is your organisation's.
#
# resource "aws_db_instance" "registry" {
#   identifier                   = "creative-farm"
#   engine                       = "postgres"
#   engine_version               = "16"
#   instance_class               = "db.t4g.small" # 50,000 ads a night are some hundred thousand rows, written in batches
#   allocated_storage            = 20
#   max_allocated_storage        = 100
#   storage_encrypted            = true
#   db_name                      = "farm"
#   username                     = "farm"
#   manage_master_user_password  = true # in Secrets Manager; External Secrets brings it to Kubernetes as creative-registry
#   publicly_accessible          = false
#   multi_az                     = false # while it is away a run waits; a lost one is made anew from the bucket
#   backup_retention_period      = 7
#   performance_insights_enabled = true
#   deletion_protection          = true
# }
