# A machine of yours, what a microVM needs on it, and the microVM: for Terraform and for OpenTofu.
#
#   npm install -g pulumi-microvm && terraform-provider-microvm install
#   ssh 203.0.113.10 true     once, so that known_hosts has the machine's key; or -var host_key="ssh-ed25519 AAAA…"
#   terraform init && terraform apply -var address=203.0.113.10 -var 'ssh_authorized_keys=["ssh-ed25519 AAAA…"]'
#   Without KVM that works on the machine: -var accelerator=tcg, which is slow and no boundary.

terraform {
  required_providers {
    microvm = {
      source = "microvm.local/pulumi-microvm/microvm"
    }
  }
}

provider "microvm" {
  # Keys, agents and ~/.ssh/config are found as ssh finds them; what is set here is in no state.
  private_key_file = var.private_key_file
  program          = "example"
}

resource "microvm_host" "metal" {
  name     = "metal"
  address  = var.address
  port     = var.port
  user     = "root"
  host_key = var.host_key
}

# A resource is passed whole to another that refers to it.
resource "microvm_vmm" "qemu" {
  name = "qemu"
  host = microvm_host.metal
  kind = "qemu"
}

resource "microvm_kernel" "linux" {
  name = "linux"
  host = microvm_host.metal
  source = {
    distribution = var.kernel_file == null ? "default" : null
    file         = var.kernel_file
  }
}

resource "microvm_rootfs_image" "debian" {
  name = "debian"
  host = microvm_host.metal
  source = {
    debian  = var.rootfs_tarball == null ? { suite = "bookworm", packages = ["openssh-server"] } : null
    tarball = var.rootfs_tarball
  }
}

resource "microvm_network" "lan" {
  name = "lan"
  host = microvm_host.metal
  cidr = "172.30.0.0/24"
}

resource "microvm_volume" "data" {
  name = "data"
  host = microvm_host.metal
  size = 64
}

resource "microvm_micro_vm" "web" {
  name        = var.name
  host        = microvm_host.metal
  vmm         = microvm_vmm.qemu
  kernel      = microvm_kernel.linux
  rootfs      = microvm_rootfs_image.debian
  memory      = var.memory
  accelerator = var.accelerator
  interfaces  = [{ network = microvm_network.lan }]
  volumes     = [{ volume = microvm_volume.data, mount_path = "/srv" }]
  ready       = var.ready
  timeouts    = { create = "10m" }

  ssh_authorized_keys = var.ssh_authorized_keys
}

data "microvm_host_facts" "metal" {
  address  = microvm_host.metal.address
  port     = microvm_host.metal.port
  user     = microvm_host.metal.user
  host_key = microvm_host.metal.host_key
}

output "ip_address" {
  value = microvm_micro_vm.web.ip_address
}

output "ssh_command" {
  value = microvm_micro_vm.web.ssh_command
}

output "boot_millis" {
  value = microvm_micro_vm.web.boot_millis
}

output "architecture" {
  value = data.microvm_host_facts.metal.architecture
}
