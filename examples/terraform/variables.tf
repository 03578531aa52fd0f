variable "address" {
  type = string
}

variable "port" {
  type    = number
  default = null
}

variable "host_key" {
  type    = string
  default = null
}

variable "private_key_file" {
  type    = string
  default = null
}

variable "name" {
  type    = string
  default = "web"
}

variable "memory" {
  type    = number
  default = 256
}

variable "accelerator" {
  type    = string
  default = "kvm"
}

variable "kernel_file" {
  type        = string
  default     = null
  description = "A kernel of yours. Default: the host distribution's."
}

variable "rootfs_tarball" {
  type        = string
  default     = null
  description = "A root filesystem of yours. Default: a small Debian."
}

variable "ready" {
  type    = object({ tcp = optional(number), ssh = optional(bool), serial = optional(string), timeout = optional(number) })
  default = { ssh = true }
}

variable "ssh_authorized_keys" {
  type        = list(string)
  default     = null
  description = "Who may log in to the guest."
}
