variable "bucket" {
  description = "Name of the bucket, which this module makes: the store and the published ads, nothing else."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.bucket))
    error_message = "3 to 63 lower-case letters, digits and hyphens; no dots, since they break TLS by host name."
  }
}

variable "prefix" {
  description = "Where in the bucket the store is: no slash at either end. Two farms in one bucket need two prefixes."
  type        = string
  default     = "farm"

  validation {
    condition     = length(var.prefix) <= 120 && can(regex("^[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*$", var.prefix))
    error_message = "At most 120 letters, digits and ._- in parts joined by single slashes, none at the ends."
  }
}

variable "name" {
  description = "Begins the names of roles and policies."
  type        = string
  default     = "creative-farm"

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9-]{0,40}$", var.name))
    error_message = "1 to 41 letters, digits and hyphens."
  }
}

variable "kms_key_arn" {
  description = "A key of yours that encrypts the bucket (SSE-KMS). Null: S3's own keys (AES256), which cost nothing."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "The ARN of a key (not of an alias), or null."
  }
}

variable "noncurrent_days" {
  description = "How long what was deleted or replaced can be had back."
  type        = number
  default     = 30

  validation {
    condition     = var.noncurrent_days >= 1 && var.noncurrent_days == floor(var.noncurrent_days)
    error_message = "A whole number of days, at least 1."
  }
}

variable "append_only" {
  description = "Refuse, for everybody, to replace an entry of a campaign's log or a receipt: creating them has to be conditional."
  type        = bool
  default     = true
}

variable "force_destroy" {
  description = "Let `terraform destroy` delete the bucket with every ad in it. Only for trials."
  type        = bool
  default     = false
}

variable "oidc_provider_arn" {
  description = "EKS: the cluster's IAM OIDC provider, so that service accounts can have the roles (IRSA). Null: not on EKS."
  type        = string
  default     = null

  validation {
    condition     = var.oidc_provider_arn == null || can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:oidc-provider/.+$", var.oidc_provider_arn))
    error_message = "The ARN of an IAM OIDC provider, or null."
  }
}

variable "namespace" {
  description = "The Kubernetes namespace of the service accounts creative-driver, creative-head and creative-worker."
  type        = string
  default     = "creative-farm"
}

variable "ec2" {
  description = "For ray-cluster.yaml: instance profiles, and the driver's right to start machines of the cluster that is named as `name`."
  type        = bool
  default     = false
}

variable "ad_server_principals" {
  description = "ARNs of the roles that serve ads: they may read published ads, from this account or another. Empty: nobody."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.ad_server_principals : can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/.+$", arn))])
    error_message = "ARNs of IAM roles or users."
  }
}

variable "tags" {
  description = "Tags of everything that is made."
  type        = map(string)
  default     = {}
}
