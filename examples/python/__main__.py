"""From a bare machine to a microVM that answers.

pulumi config set address 203.0.113.10
pulumi config set hostKey "$(ssh-keyscan -t ed25519 203.0.113.10 | cut -d' ' -f2-)"   what the host has to show; compare it
pulumi config set user root                                            or one that may run `sudo -n`
pulumi config set publicKey "$(cat ~/.ssh/id_ed25519.pub)"             who may log in to the guest
pulumi config set microvm:privateKeyFile ~/.ssh/id_ed25519             unless an agent or ~/.ssh/config knows
"""

import pulumi
import pulumi_microvm as microvm

config = pulumi.Config()

host = microvm.Host(
    "metal",
    address=config.require("address"),
    port=config.get_int("port"),
    user=config.get("user"),
    host_key=config.require("hostKey"),
)
vmm = microvm.Vmm("qemu", host=host.reference, kind="qemu")
kernel = microvm.Kernel("linux", host=host.reference, source={"distribution": "default"})
rootfs = microvm.RootfsImage(
    "debian",
    host=host.reference,
    source={"debian": {"suite": "bookworm", "packages": ["openssh-server"]}},
)
network = microvm.Network("lan", host=host.reference, cidr="172.30.0.0/24")

vm = microvm.MicroVM(
    "web",
    host=host.reference,
    vmm=vmm.reference,
    kernel=kernel.reference,
    rootfs=rootfs.reference,
    # Software emulation only where the host has no KVM that works, and only because this is a demonstration.
    accelerator=host.virtualization.apply(lambda found: "kvm" if found == "kvm" else "tcg"),
    memory=256,
    interfaces=[{"network": network.reference}],
    ssh_authorized_keys=[config.require("publicKey")],
    ready={"ssh": True},
)

pulumi.export("address", vm.ip_address)
pulumi.export("bootMillis", vm.boot_millis)
pulumi.export("ssh", vm.ssh_command)
