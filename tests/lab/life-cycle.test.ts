import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { MicroVMState, NetworkState, VolumeState } from "../../provider/generated/types";
import { closeAll } from "../../provider/ssh";
import { failure } from "../failure";
import { skip } from "../skip";
import { hostInventory, inventoryChanges } from "./host-inventory";
import { Lab } from "./lab";
import { type Basics, World } from "./world";

const test = suite("life on a host");
const reason = Lab.unavailable();
if (reason) {
  skip("life on a host", reason);
} else {
  let lab: Lab;
  let world: World;
  let basics: Basics;
  let web: MicroVMState;
  let before: string[];
  const onHost = (script: string) => lab.output("h1", script);
  /** What was written to the volume. What the SSH client says, if it is not. */
  const stillThere = async () => {
    const { stdout, stderr } = await world.inGuest(web, "cat /data/file");
    assert.is(stdout, "kept\n", stderr);
  };
  const answers = async (vm: MicroVMState, tries = 40): Promise<boolean> => {
    for (let n = 0; n < tries; n++) {
      if ((await world.inGuest(vm, "true")).code === 0) return true;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    return false;
  };

  test.before(async () => {
    lab = await Lab.open(`l${process.pid % 100000}`);
    await lab.host("h1");
    await lab.ssh("h1", "apt-get update -q");
    before = await hostInventory(lab, "h1");
    world = new World(lab, "h1");
  });
  test.after(async () => {
    await closeAll();
    await lab?.close();
  });

  test("sets up a host, and tells the truth about it", async () => {
    const host = await world.host();
    assert.is(host.machineId, (await onHost("cat /etc/machine-id")).trim());
    assert.ok(["kvm", "kvm-slow", "none"].includes(host.virtualization));
    assert.ok(host.virtualizationEvidence.length > 20);
    assert.match(host.os, /Debian/);
  });

  test("makes the parts of a microVM side by side", async () => {
    basics = await world.basics();
    assert.match(basics.kernel.release, /cloud/);
    assert.is(basics.kernel.format, "bzImage");
    assert.is(basics.kernel.vmlinuxReason, "");
    assert.is(await onHost(`head -c 4 ${basics.kernel.vmlinuxPath} | tail -c 3`), "ELF");
  });

  test("boots a guest with its disks, files, keys and address", async () => {
    const volume = await world.make<VolumeState>("Volume", "data", { size: 64, onDelete: "delete" });
    web = await world.microVM("web", basics, {
      volumes: [{ volume, mountPath: "/data" }],
      hostname: "www",
      files: [{ path: "/etc/app/settings", content: "answer = 42\n", mode: "0640", uid: 7, gid: 8 }],
    });
    assert.ok(web.bootMillis > 500, String(web.bootMillis));
    const { stdout } = await world.inGuest(
      web,
      "hostname; cat /etc/app/settings; stat -c '%a %u:%g' /etc/app/settings; cat /etc/resolv.conf; mount | grep ' /data '; echo kept > /data/file; sync; stat -c %a /root",
    );
    assert.match(stdout, /^www\nanswer = 42\n640 7:8\nnameserver 172\.30\.0\.1\n\/dev\/vd. on \/data type ext4 \(rw/);
    assert.match(stdout, /\n700\n$/);
    assert.equal(await world.drift(), {});
    assert.equal(await world.up(), {});
  });

  test("runs the VMM as its own user, without privileges", async () => {
    const status = await onHost("cat /proc/$(systemctl show -p MainPID --value microvm@web)/status; id -u mv-web");
    const uid = status.trim().split("\n").at(-1);
    assert.match(status, new RegExp(`^Uid:\\s+${uid}\\s+${uid}\\s`, "m"));
    assert.match(status, /^CapEff:\s+0000000000000000$/m);
    assert.match(status, /^NoNewPrivs:\s+1$/m);
    assert.match(status, /^Seccomp:\s+2$/m);
  });

  test("limits change while the guest runs, down to its control group", async () => {
    const pid = await onHost("systemctl show -p MainPID --value microvm@web");
    const { drift: _, ...given } = web as unknown as Record<string, unknown>;
    const limits = { memoryOverhead: 200, cpu: 150, tasks: 64 };
    await world.make<MicroVMState>("MicroVM", "web", { ...inputsOf(given), limits });
    assert.is(await onHost("systemctl show -p MainPID --value microvm@web"), pid);
    const group = "$(systemctl show -p ControlGroup --value microvm@web)";
    // Version 1 or 2 of control groups, whichever the host has.
    const read = (v1: string, v2: string) =>
      onHost(`g=${group}; cat /sys/fs/cgroup/${v1.replace("/", "$g/")} 2> /dev/null || cat /sys/fs/cgroup$g/${v2}`);
    assert.is((await read("memory/memory.limit_in_bytes", "memory.max")).trim(), String((128 + 128 + 200) << 20));
    assert.is((await read("pids/pids.max", "pids.max")).trim(), "64");
    assert.match(await read("cpu/cpu.cfs_quota_us", "cpu.max"), /^150000\b/);
    assert.equal(await world.drift(), {});
  });

  test("a balloon and rate limits are told to the running VMM, and again after each start", async () => {
    const pid = await onHost("systemctl show -p MainPID --value microvm@web");
    const { drift: _, ...given } = world.state<Record<string, unknown>>("MicroVM", "web");
    const more = { balloon: 32, rootDisk: { rateLimit: { operations: 5000 } } };
    const ask = (command: string) =>
      onHost(`/usr/lib/microvm/qmp /run/microvm/vm/web/qmp.sock '{"execute":"${command}"}'`);
    const told = async () => {
      for (let tries = 0; tries < 40 && !/"actual": 100663296/.test(await ask("query-balloon")); tries++)
        await new Promise((resolve) => setTimeout(resolve, 250));
      assert.match(await ask("query-balloon"), /"actual": 100663296/);
      assert.match(await ask("query-block"), /"iops": 5000/);
    };
    await world.make<MicroVMState>("MicroVM", "web", { ...inputsOf(given), ...more });
    assert.is(await onHost("systemctl show -p MainPID --value microvm@web"), pid);
    await told();
    assert.equal(await world.drift(), {});
    await onHost("systemctl restart microvm@web");
    assert.ok(await answers(web));
    await told();
    assert.equal(await world.drift(), {});
    await world.make<MicroVMState>("MicroVM", "web", inputsOf(given));
    assert.match(await ask("query-block"), /"iops": 0/);
    assert.equal(await world.drift(), {});
  });

  // What happens to the host, what refresh says, what up then does.
  const damages: [string, string, string, RegExp][] = [
    ["the VM stopped behind its back", "systemctl stop microvm@web", "MicroVM/web", /not running/],
    ["its tap removed", "ip link delete mvt-web0", "MicroVM/web", /tap mvt-web0 is missing/],
    [
      "its unit edited",
      "sed -i s/TasksMax=.*/TasksMax=9999/ /etc/systemd/system/microvm@web.service.d/10-microvm.conf",
      "MicroVM/web",
      /10-microvm\.conf was changed/,
    ],
    ["its arguments edited", "sed -i s/^128M$/130M/ /etc/microvm/vms/web/argv", "MicroVM/web", /argv was changed/],
    [
      "its autostart taken away",
      "systemctl disable -q microvm@web",
      "MicroVM/web",
      /would not start when the host boots/,
    ],
    ["the packet filter flushed", "nft flush ruleset", "Network/lan", /packet filter table .* is missing/],
    [
      "a rule removed",
      "nft flush chain bridge microvm_lan prerouting",
      "Network/lan",
      /packet filter table bridge:microvm_lan was changed/,
    ],
    ["the bridge's address removed", "ip address flush dev mvb-lan", "Network/lan", /does not have 172\.30\.0\.1/],
    ["the bridge removed", "ip link delete mvb-lan", "Network/lan", /bridge mvb-lan is missing/],
    [
      "the DHCP server stopped",
      "systemctl stop microvm-dhcp@lan",
      "Network/lan",
      /microvm-dhcp@lan\.service is not active/,
    ],
    ["the kernel damaged in the store", "", "Kernel/linux", /the kernel in the store is damaged/],
    ["the image removed from the store", "", "RootfsImage/fast", /the image is missing/],
    ["the kit tampered with", "echo '# x' >> /usr/lib/microvm/vm-stop", "Host/h1", /vm-stop was changed/],
  ];
  for (const [what, damage, object, sentence] of damages) {
    test(`drift: ${what}`, async () => {
      const store = "/var/lib/microvm/store";
      const scripts: Record<string, string> = {
        "the kernel damaged in the store": `printf X | dd of=${store}/${basics.kernel.digest} bs=1 seek=5000 conv=notrunc 2> /dev/null`,
        "the image removed from the store": `rm ${store}/${basics.rootfs.digest}`,
      };
      await onHost(damage || (scripts[what] as string));
      const found = await world.drift();
      assert.match((found[object] ?? []).join("\n"), sentence, JSON.stringify(found));
      const done = await world.up();
      assert.is(done[object], "update");
      assert.equal(await world.drift(), {});
      assert.ok(await answers(web), "the guest answers");
      await stillThere();
    });
  }

  test("a VMM that is killed comes back by itself", async () => {
    const pid = (await onHost("systemctl show -p MainPID --value microvm@web")).trim();
    assert.ok(Number(pid) > 1, pid);
    await onHost(`kill -KILL ${pid}`);
    assert.ok(await answers(web));
    assert.is.not((await onHost("systemctl show -p MainPID --value microvm@web")).trim(), pid);
    assert.equal(await world.drift(), {});
  });

  test("a guest that powers itself off stays off where only failures restart it", async () => {
    await world.inGuest(web, "poweroff -f");
    for (
      let tries = 0;
      tries < 40 && (await onHost("systemctl is-active microvm@web || true")).trim() !== "inactive";
      tries++
    )
      await new Promise((resolve) => setTimeout(resolve, 250));
    assert.equal((await world.drift())["MicroVM/web"], ["it is not running (its guest powered off)"]);
    await world.up();
    assert.ok(await answers(web));
  });

  test("a guest that reboots itself is the same process, and is no drift", async () => {
    const pid = await onHost("systemctl show -p MainPID --value microvm@web");
    const boot = (await world.inGuest(web, "cat /proc/sys/kernel/random/boot_id")).stdout;
    await world.inGuest(web, "reboot -f");
    await new Promise((resolve) => setTimeout(resolve, 1500));
    assert.ok(await answers(web));
    assert.is.not((await world.inGuest(web, "cat /proc/sys/kernel/random/boot_id")).stdout, boot);
    assert.is(await onHost("systemctl show -p MainPID --value microvm@web"), pid);
    assert.equal(await world.drift(), {});
  });

  test("after a reboot of the host everything is back without us", async () => {
    await closeAll();
    await lab.reboot("h1");
    assert.ok(await answers(web));
    assert.equal(await world.drift(), {});
    await stillThere();
  });

  test("after a power cut too", async () => {
    await closeAll();
    await lab.powerLoss("h1");
    assert.ok(await answers(web));
    assert.equal(await world.drift(), {});
    await stillThere();
  });

  test("pauses, resumes, stops and starts", async () => {
    const inputs = { ...web, state: "paused" };
    const { drift: _, ...given } = inputs as unknown as Record<string, unknown>;
    const declare = (state: string) => world.make<MicroVMState>("MicroVM", "web", { ...inputsOf(given), state });
    await declare("paused");
    assert.is((await world.read("MicroVM", "web"))?.state, "paused");
    assert.is((await world.inGuest(web, "true")).code === 0, false);
    await declare("running");
    assert.ok(await answers(web));
    await declare("stopped");
    assert.is((await world.read("MicroVM", "web"))?.state, "stopped");
    assert.equal(await world.drift(), {});
    assert.is((await onHost("ip -br link show | grep -c mvt- || true")).trim(), "0");
    await declare("running");
    assert.ok(await answers(web));
  });

  test("a link goes down and up while the guest runs, and the guest sees it", async () => {
    const { drift: _, ...given } = web as unknown as Record<string, unknown>;
    const [nic] = web.interfaces ?? [];
    const link = (connected: boolean) =>
      world.make("MicroVM", "web", { ...inputsOf(given), interfaces: [{ ...nic, connected }] });
    const reached = () => onHost(`ping -c 2 -W 1 ${web.ipAddress} > /dev/null && echo yes || echo no`);
    const carriers = async () =>
      Number((await world.inGuest(web, "cat /sys/class/net/eth0/carrier_down_count")).stdout);
    const vmm = () => onHost("systemctl show -P MainPID microvm@web");
    const [pid, before] = [await vmm(), await carriers()];
    await link(false);
    assert.is((await reached()).trim(), "no");
    assert.equal(await world.drift(), {});
    await link(true);
    assert.ok(await answers(web));
    assert.is(await carriers(), before + 1);
    assert.is(await vmm(), pid);
  });

  test("a volume grows under a running guest and never shrinks", async () => {
    await world.make("Volume", "data", { size: 96, onDelete: "delete" });
    assert.is(
      (await world.inGuest(web, "grep -c . /data/file; cat /sys/block/vd*/size")).stdout.includes(
        String((96 << 20) / 512),
      ),
      true,
    );
    assert.is((await failure(world.make("Volume", "data", { size: 32, onDelete: "delete" }))).code, "volume-shrinks");
  });

  test("keeps guests from each other, from the host and from the metadata service", async () => {
    const other = await world.microVM("other", basics);
    assert.is.not(other.ipAddress, web.ipAddress);
    const reach = (vm: MicroVMState, command: string) => world.inGuest(vm, command).then(({ code }) => code === 0);
    assert.ok(await reach(other, "ping -c 1 -W 2 172.30.0.1"), "its gateway");
    assert.ok(await reach(other, "ping -c 1 -W 2 10.91.0.1"), "the world, translated");
    const lease = (await world.inGuest(other, "udhcpc -i eth0 -n -q -f -s /bin/true 2>&1")).stdout;
    assert.ok(lease.includes(`lease of ${other.ipAddress} obtained`), lease);
    assert.not.ok(await reach(other, `ping -c 1 -W 2 ${web.ipAddress}`), "its neighbour");
    assert.not.ok(await reach(other, "nc -w 2 172.30.0.1 22 < /dev/null"), "the host's sshd");
    await onHost("ip address add 169.254.169.254/32 dev lo; ip address add 198.51.100.7/32 dev lo");
    assert.not.ok(await reach(other, "ping -c 1 -W 2 169.254.169.254"), "the metadata address");
    // An address or a MAC of its own choice does not leave its tap; its own does.
    await onHost("timeout 25 tcpdump -l -n -e -i mvb-lan icmp or arp > /tmp/seen 2> /dev/null < /dev/null & sleep 1");
    await world.inGuest(
      other,
      "ping -c 1 -W 1 172.30.0.1; ip address add 172.30.0.77/24 dev eth0; ping -c 2 -W 1 -I 172.30.0.77 172.30.0.1; arping -c 2 -w 2 -I eth0 -s 172.30.0.77 172.30.0.1; ip link set dev eth0 address 02:00:00:00:00:77; ping -c 2 -W 1 172.30.0.1; true",
    );
    await new Promise((resolve) => setTimeout(resolve, 8000));
    const seen = await onHost("cat /tmp/seen; rm /tmp/seen");
    assert.match(seen, new RegExp(`${other.ipAddress} > 172.30.0.1: ICMP echo request`));
    assert.not.match(seen, /172\.30\.0\.77|02:00:00:00:00:77/);
    await onHost("ip address del 169.254.169.254/32 dev lo; ip address del 198.51.100.7/32 dev lo");
    await world.remove("MicroVM", "other");
  });

  test("refuses what cannot be, and says what to do", async () => {
    const { network } = basics;
    const inUse = await failure(world.microVM("twin", basics, { interfaces: [{ network, address: web.ipAddress }] }));
    assert.is(inUse.code, "address-in-use");
    assert.match(inUse.message, /microVM web/);
    assert.match(
      (await failure(world.microVM("twin", basics, { interfaces: [{ network, address: "10.9.9.9" }] }))).message,
      /outside the network/,
    );
    assert.is((await failure(world.make("Network", "overlap", { cidr: "172.30.0.128/25" }))).code, "network-overlap");
    const noKvm = await failure(world.microVM("twin", basics, { accelerator: "kvm" }));
    assert.is(noKvm.code, "no-usable-kvm");
    assert.match(noKvm.message, /tcg/);
    assert.is((await failure(world.microVM("twin", basics, { memory: 4_000_000 }))).code, "host-memory");
    const volume = world.state<VolumeState>("Volume", "data");
    assert.is((await failure(world.microVM("twin", basics, { volumes: [{ volume }] }))).code, "volume-in-use");
    assert.is(
      (await failure(world.make("Kernel", "bad", { source: { url: "http://127.0.0.1:1/x", sha256: "0".repeat(64) } })))
        .code,
      "download-failed",
    );
    assert.is(
      (await failure(world.make("Kernel", "bad", { source: { distribution: "no-such-kernel" } }))).code,
      "kernel-package",
    );
    await world.remove("Kernel", "bad");
    // What the refused ones had begun is recorded, and goes.
    await world.remove("MicroVM", "twin");
  });

  test("another program's object is not touched unless it is adopted", async () => {
    const stranger = new World(lab, "h1", "stranger");
    await stranger.host();
    const error = await failure(stranger.make<NetworkState>("Network", "lan", { cidr: "172.30.0.0/24" }));
    assert.is(error.code, "not-ours");
    assert.match(error.message, /organization\/test\/dev::Network::lan/);
    await stranger.make<NetworkState>("Network", "lan", { cidr: "172.30.0.0/24", adopt: true });
    assert.equal((await world.drift())["Network/lan"], ["gone"]);
    await world.remove("Network", "lan");
    assert.equal(await stranger.drift(), {});
    const again = await failure(world.make<NetworkState>("Network", "lan", { cidr: "172.30.0.0/24" }));
    assert.match(again.message, /organization\/stranger\/dev::Network::lan/);
    await world.make<NetworkState>("Network", "lan", { cidr: "172.30.0.0/24", adopt: true });
    assert.equal((await stranger.drift())["Network/lan"], ["gone"]);
    await stranger.remove("Network", "lan");
    await stranger.remove("Host", "h1");
    assert.equal(await world.drift(), {});
    assert.ok(await answers(web));
  });

  test("a guest that is not ready in time is kept, and the next run goes on", async () => {
    const error = await failure(world.microVM("slow", basics, { ready: { serial: "never said", timeout: 5 } }));
    assert.is(error.code, "not-ready");
    assert.match(error.message, /fast guest is up/);
    const slow = await world.microVM("slow", basics, { ready: { serial: "fast guest is up", timeout: 20 } });
    assert.ok(slow.bootMillis > 0);
    await world.remove("MicroVM", "slow");
  });

  test("a volume with data is deleted only where that is said", async () => {
    await world.make("Volume", "precious", { size: 16 });
    await onHost(
      "d=/var/lib/microvm/volumes/precious/disk.img; m=$(mktemp -d); mount -o loop $d $m 2> /dev/null && { echo data > $m/x; umount $m; } || { echo 'write /etc/hostname x' | debugfs -w $d > /dev/null 2>&1; }; rmdir $m",
    );
    const error = await failure(world.remove("Volume", "precious"));
    assert.is(error.code, "volume-has-data");
    await world.make("Volume", "precious", { size: 16, onDelete: "delete" });
    await world.remove("Volume", "precious");
  });

  test("destroy leaves the host as it was", async () => {
    await world.destroy();
    assert.equal(inventoryChanges(before, await hostInventory(lab, "h1")), []);
  });

  test.run();
}

/** The inputs among a state's properties, as a program would give them again. */
function inputsOf(state: Record<string, unknown>): Record<string, unknown> {
  const outputs = ["drift", "ipAddress", "addresses", "bootMillis", "consoleLog", "sshCommand", "sshHostKey", "unit"];
  return Object.fromEntries(Object.entries(state).filter(([key]) => !outputs.includes(key)));
}
