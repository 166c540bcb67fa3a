# What each may do is in policies/*.json.tftpl, read and tried by tests/infra/test_policies.py.
locals {
  names = {
    bucket     = aws_s3_bucket.store.arn
    prefix     = var.prefix
    principals = jsonencode(var.ad_server_principals)
  }

  driver_policy    = templatefile("${path.module}/policies/driver.json.tftpl", local.names)
  worker_policy    = templatefile("${path.module}/policies/worker.json.tftpl", local.names)
  ad_server_policy = templatefile("${path.module}/policies/ad-server.json.tftpl", local.names)

  # The bucket's own policy is made of those of its statements that are wanted.
  bucket_policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      jsondecode(templatefile("${path.module}/policies/bucket-tls.json.tftpl", local.names)).Statement,
      var.append_only ? jsondecode(templatefile("${path.module}/policies/bucket-append-only.json.tftpl", local.names)).Statement : [],
      length(var.ad_server_principals) > 0 ? jsondecode(templatefile("${path.module}/policies/bucket-ad-server.json.tftpl", local.names)).Statement : [],
    )
  })

  # The key is named: with sse=aws:kms alone, S3 takes the account's own key, not the bucket's.
  encryption = var.kms_key_arn == null ? "sse=AES256" : "sse=aws:kms&kms_key=${coalesce(var.kms_key_arn, "-")}"

  service_accounts = {
    driver = ["creative-driver", "creative-head"]
    worker = ["creative-worker"]
  }

  oidc_issuer = var.oidc_provider_arn == null ? "" : element(split("oidc-provider/", var.oidc_provider_arn), 1)
}

data "aws_iam_policy_document" "trust" {
  for_each = local.service_accounts

  dynamic "statement" {
    for_each = var.oidc_provider_arn == null ? [] : [var.oidc_provider_arn]

    content {
      actions = ["sts:AssumeRoleWithWebIdentity"]

      principals {
        type        = "Federated"
        identifiers = [statement.value]
      }

      condition {
        test     = "StringEquals"
        variable = "${local.oidc_issuer}:sub"
        values   = [for account in each.value : "system:serviceaccount:${var.namespace}:${account}"]
      }

      condition {
        test     = "StringEquals"
        variable = "${local.oidc_issuer}:aud"
        values   = ["sts.amazonaws.com"]
      }
    }
  }

  dynamic "statement" {
    for_each = var.ec2 ? ["ec2.amazonaws.com"] : []

    content {
      actions = ["sts:AssumeRole"]

      principals {
        type        = "Service"
        identifiers = [statement.value]
      }
    }
  }
}

resource "aws_iam_role" "farm" {
  for_each             = local.service_accounts
  name                 = "${var.name}-${each.key}"
  description          = "creative-farm: the ${each.key}"
  assume_role_policy   = data.aws_iam_policy_document.trust[each.key].json
  max_session_duration = 43200
  tags                 = var.tags

  lifecycle {
    precondition {
      condition     = var.oidc_provider_arn != null || var.ec2
      error_message = "Nobody could have the roles: give oidc_provider_arn (EKS), or ec2 = true, or both."
    }
  }
}

resource "aws_iam_role_policy" "store" {
  for_each = {
    driver = local.driver_policy
    worker = local.worker_policy
  }
  name   = "store"
  role   = aws_iam_role.farm[each.key].id
  policy = each.value
}

# For ad servers of this account, to attach to their roles; those of ad_server_principals need nothing more.
resource "aws_iam_policy" "ad_server" {
  name        = "${var.name}-ad-server"
  description = "creative-farm: read published ads"
  policy      = local.ad_server_policy
  tags        = var.tags
}

resource "aws_iam_role_policy" "kms" {
  for_each = var.kms_key_arn == null ? toset([]) : toset(["driver", "worker"])
  name     = "kms"
  role     = aws_iam_role.farm[each.key].id
  policy   = templatefile("${path.module}/policies/kms.json.tftpl", { key = var.kms_key_arn, region = data.aws_region.here.name })
}

# The head of ray-cluster.yaml starts and ends machines, and reads the registry's password (a secret NAME/registry).
resource "aws_iam_role_policy" "launch" {
  count = var.ec2 ? 1 : 0
  name  = "launch"
  role  = aws_iam_role.farm["driver"].id

  policy = templatefile("${path.module}/policies/launch.json.tftpl", {
    name   = var.name
    region = data.aws_region.here.name
    worker = aws_iam_role.farm["worker"].arn
  })
}

resource "aws_iam_instance_profile" "farm" {
  for_each = var.ec2 ? { head = "driver", worker = "worker" } : {}
  name     = "${var.name}-${each.key}"
  role     = aws_iam_role.farm[each.value].name
  tags     = var.tags
}

data "aws_region" "here" {}
