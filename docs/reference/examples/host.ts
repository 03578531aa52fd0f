import * as microvm from "pulumi-microvm";

const host = new microvm.Host("metal-1", {
  address: "203.0.113.10",
  user: "admin",
  jump: [{ address: "bastion.example.org" }],
  sysctls: { "vm.swappiness": "1" },
});

export const virtualization = host.virtualization;
