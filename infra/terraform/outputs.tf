output "store_url" {
  description = "For creative.toml: store = ..."
  value       = "s3://${aws_s3_bucket.store.bucket}/${var.prefix}?region=${data.aws_region.here.name}&${local.encryption}"
}

output "bucket_arn" {
  description = "The bucket."
  value       = aws_s3_bucket.store.arn
}

output "driver_role_arn" {
  description = "For the service accounts creative-driver and creative-head (infra/kubernetes/overlays/aws/roles.yaml)."
  value       = aws_iam_role.farm["driver"].arn
}

output "worker_role_arn" {
  description = "For the service account creative-worker."
  value       = aws_iam_role.farm["worker"].arn
}

output "ad_server_policy_arn" {
  description = "To attach to the roles of ad servers in this account."
  value       = aws_iam_policy.ad_server.arn
}

output "instance_profiles" {
  description = "For ray-cluster.yaml, if ec2 = true: IamInstanceProfile names of head and workers."
  value       = { for key, profile in aws_iam_instance_profile.farm : key => profile.name }
}
